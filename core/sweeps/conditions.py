"""What a sweep was begun with: a sweep that goes on another day must go on with the very same, or not at all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from core.errors import RequestError
from core.models.catalog import architecture
from core.variant import Variant

if TYPE_CHECKING:  # what was found is read without torch, which takes seconds to import
    from core.engines.program import Program
    from core.quantization.prepare import Executable, Prepared


@dataclass(frozen=True)
class VariantRecord:
    """One variant as it was run. `labels` names what the network's outputs mean.

    `weights_sha256` is of the weights' file, `program_sha256` of the integers and scales that the engine was given ("" for
    floats): a search for better fractional lengths changes the second alone. `retrained` says in words how RE-TRAIN's weights
    were trained, and `options` with what: those of core.quantization.options, and the name of the "data". RAW has neither.
    """

    network: str
    weights: str
    weights_name: str
    format: str
    regime: str
    engine: str
    arithmetic: str
    calibrated: str
    preliminary: bool
    weight_bytes: int
    labels: str
    weights_sha256: str
    program_sha256: str
    retrained: str = ""
    options: dict[str, Any] | None = None

    @property
    def title(self) -> str:
        """As people read it: "SqueezeNet FIXED-8 RE-TRAIN"."""
        return f"{architecture(self.network).title} {self.own_title}"

    @property
    def own_title(self) -> str:
        """Without the network."""
        return Variant(self.network, self.weights, self.format, self.regime).title


@dataclass(frozen=True)
class Conditions:
    """`data` is the set's fingerprint, `pictures` how many of it the plan takes, `batch` how many are run at once.

    `classes` are the set's names, `name` and `notes` what it calls itself and says of itself; `unmatched` has for each kind of
    labels the classes that the network cannot answer, whose pictures are run but not scored. Batches and threads are recorded
    because they decide in which order a float engine adds.
    """

    data: str
    pictures: int
    batch: int
    threads: int
    torch: str
    classes: tuple[str, ...]
    unmatched: dict[str, tuple[str, ...]]
    variants: tuple[VariantRecord, ...]
    environment: dict[str, Any]
    name: str = ""
    notes: tuple[str, ...] = ()

    @property
    def batches(self) -> int:
        """250 pictures in batches of 100 are 3."""
        return -(-self.pictures // self.batch)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Conditions:
        values = json.loads(text)
        values |= {name: tuple(values[name]) for name in ("classes", "notes")}
        values["unmatched"] = {name: tuple(classes) for name, classes in values["unmatched"].items()}
        values["variants"] = tuple(VariantRecord(**one) for one in values["variants"])
        return cls(**values)


def record(variant: Variant, prepared: Prepared, executable: Executable) -> VariantRecord:
    trained = prepared.loaded.retrained
    return VariantRecord(
        network=variant.network,
        weights=variant.weights,
        weights_name=variant.weights_name,
        format=variant.format,
        regime=variant.regime,
        engine=executable.engine,
        arithmetic=executable.arithmetic,
        calibrated=executable.calibrated,
        preliminary=executable.preliminary,
        weight_bytes=executable.weight_bytes,
        labels=str(prepared.loaded.card["labels"]),
        weights_sha256=prepared.loaded.fingerprint,
        program_sha256="" if executable.program is None else fingerprint(executable.program),
        retrained=executable.retrained,
        options=None if trained is None else {**trained.options, "data": trained.data},
    )


def fingerprint(program: Program) -> str:
    """SHA-256 of its edges and weights: two programs of one network with equal ones compute the same integers."""
    import torch

    from core.engines.program import Convolution, Linear

    digest = hashlib.sha256()
    for edge in program.edges.values():
        scale = edge.scale.tolist() if isinstance(edge.scale, torch.Tensor) else edge.scale
        digest.update(repr((edge.name, edge.low, edge.high, scale, edge.zero_point)).encode())
    for operation in program.operations:
        digest.update(repr((type(operation).__name__, operation.name, operation.inputs)).encode())
        if isinstance(operation, Convolution | Linear):
            for tensor in (operation.weight, operation.bias):
                digest.update(tensor.contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def check_same(begun: Conditions, now: Conditions) -> None:
    """Raises RequestError where what was begun cannot be gone on with."""
    changed = {
        "the data set": (begun.data, begun.pictures) != (now.data, now.pictures),
        f"torch ({begun.torch} then, {now.torch} now)": begun.torch != now.torch,
        **{one.title: one != other for one, other in zip(begun.variants, now.variants, strict=True)},
    }
    names = [name for name, differs in changed.items() if differs]
    if names:
        raise RequestError(
            f"Since this sweep was begun, {', '.join(names)} has changed: its results would be of two kinds.",
            "Begin a new sweep; what this one has found stays where it is.",
        )
