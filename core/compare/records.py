"""Results of the main job, as records: frozen, versioned, and JSON-ready."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from core.images.crop import Crop
from core.variant import Variant

SCHEMA = 1
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Guess:
    """One line of a Top-5: `class_index` is the network's output, `score` its softmax from 0 to 1."""

    rank: int
    class_index: int
    label: str
    score: float


@dataclass(frozen=True)
class LayerNoise:
    """How exact one layer of a variant is: signal to quantization noise against FP32 in dB, inf where nothing is lost."""

    name: str
    kind: str
    decibels: float

    def as_dict(self) -> dict[str, Any]:
        """JSON has no infinity: an exact layer's decibels are "inf", those of a lost one "-inf"."""
        finite = math.isfinite(self.decibels)
        return {"layer": self.name, "kind": self.kind, "sqnr_db": self.decibels if finite else str(self.decibels)}


@dataclass(frozen=True)
class Answer:
    """What one variant says of one picture.

    `arithmetic` is native, integer or emulated; `milliseconds` is the format's speed (None when emulated), `elapsed_ms` what
    the user waited until the answer was known. `box` is the main object in the picture's own pixels. `probabilities` holds
    every class, for charts. `floats` names the float islands that ran (softmax, and normalisations inside a network);
    `calibrated` and `retrained` say how, in words; `preliminary` that a search for better fractional lengths was asked for and
    is not there. `image_sha256` and `weights_sha256` are of the files; `crop` is the square that the network was shown.
    `layers` holds the layers' noise where it was asked for.
    """

    image: str
    variant: Variant
    engine: str
    arithmetic: str
    device: str
    milliseconds: float | None
    elapsed_ms: float
    weight_bytes: int
    box: Box | None
    top: tuple[Guess, ...]
    probabilities: tuple[float, ...] = field(repr=False, default=())
    floats: tuple[str, ...] = ()
    calibrated: str = ""
    preliminary: bool = False
    image_sha256: str = ""
    weights_sha256: str = ""
    crop: Crop = Crop()
    layers: tuple[LayerNoise, ...] = ()
    retrained: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The row of `classify --json`; later commands add keys and never change these."""
        return {
            "image": self.image,
            "network": self.variant.network,
            "weights": self.variant.weights_name,
            "format": self.variant.format,
            "regime": self.variant.regime,
            "engine": self.engine,
            "arithmetic": self.arithmetic,
            "device": self.device,
            "milliseconds": self.milliseconds,
            "elapsed_ms": round(self.elapsed_ms, 3),
            "weight_bytes": self.weight_bytes,
            "box": None if self.box is None else list(self.box),
            "top": [
                {"rank": guess.rank, "class": guess.class_index, "label": guess.label, "score": guess.score}
                for guess in self.top
            ],
            "floats": list(self.floats),
            "calibrated": self.calibrated,
            "preliminary": self.preliminary,
            "retrained": self.retrained,
            **self._provenance(),
            **({"layers": [layer.as_dict() for layer in self.layers]} if self.layers else {}),
        }

    def _provenance(self) -> dict[str, Any]:
        """What it takes to compute the answer again."""
        return {
            "image_sha256": self.image_sha256,
            "crop_x": self.crop.x,
            "crop_y": self.crop.y,
            "crop_size": self.crop.size,
            "weights_sha256": self.weights_sha256,
            "calibrator": self.variant.calibration.calibrator,
            "search": self.variant.calibration.search,
        }
