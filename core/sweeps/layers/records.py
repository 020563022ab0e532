"""What a job of layers finds, as values."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from core.sweeps.statistics import Share

Kind = Literal["fp32", "uniform", "mixed"]
Bits = tuple[int, ...]
"""Of each layer's weights, in the network's order."""


@dataclass(frozen=True)
class Layer:
    """`name` as programs and assignments have it, `title` as the network calls it, and how many weights it has."""

    name: str
    title: str
    weights: int


@dataclass(frozen=True)
class LayersConditions:
    """What a job was begun with: it goes on with the very same or not at all.

    `searched` and `scored` are what the two sets of pictures call themselves, with their fingerprints and counts. `calibrated`
    says how the fractional lengths of each width were chosen; `preliminary` that some were not searched for. `layers` are those
    that the classes depend on; a box head's are `left_out`, from the weights' memory too. Of the set's `classes`, those that the
    network does not know are `unmatched`.
    """

    network: str
    weights: str
    weights_sha256: str
    labels: str
    layers: tuple[Layer, ...]
    left_out: tuple[str, ...]
    searched: str
    searched_sha256: str
    searched_pictures: int
    scored: str
    scored_sha256: str
    scored_pictures: int
    batch: int
    threads: int
    torch: str
    engine: str
    arithmetic: str
    calibrated: dict[str, str]
    preliminary: bool
    classes: int
    unmatched: tuple[str, ...]
    notes: tuple[str, ...]
    environment: dict[str, Any]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LayersConditions:
        values = json.loads(text)
        values |= {name: tuple(values[name]) for name in ("left_out", "unmatched", "notes")}
        return cls(**values | {"layers": tuple(Layer(**one) for one in values["layers"])})


@dataclass(frozen=True)
class Closeness:
    """How near a program's answers come to FP32's on some pictures.

    `divergence` is the mean Kullback-Leibler divergence in nats, with the limits of its 95 % interval (symmetric in the
    logarithm). `agreement` is with FP32's first answer; `top1` is None where no class is known.
    """

    pictures: int
    divergence: float
    low: float
    high: float
    agreement: Share
    top1: Share | None

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Closeness:
        top1 = None if values["top1"] is None else Share(**values["top1"])
        return cls(**values | {"agreement": Share(**values["agreement"]), "top1": top1})


@dataclass(frozen=True)
class Sensitivity:
    """One layer at `bits`, its weights and its output, with all else at 16; the baseline, all at 16, names no layer."""

    layer: str
    title: str
    bits: int
    found: Closeness


@dataclass(frozen=True)
class Step:
    """One step of the search: bits of each layer's weights, in order, and how near the answers are on the search pictures."""

    bits: Bits
    weight_bytes: int
    divergence: float
    agreement: float


@dataclass(frozen=True)
class Point:
    """One assignment on the pictures that chose nothing.

    `format` is that of a uniform point ("fixed8", "w4a8", "fp32"), empty for a mixed one; `bits` are those of each layer's
    weights by name. `top1` and `agreement` are in percent; both are None while nothing is scored. `searched` is the agreement
    with FP32 on the search pictures, all that a point may be chosen by; None where the search has not come by.
    """

    kind: Kind
    format: str
    weight_bytes: int
    bits: dict[str, int]
    images: int
    top1: Share | None
    agreement: float | None
    engine: str
    arithmetic: str
    searched: float | None = None
