"""What is run, cached and compared: a network with weights in a number format; and how its quantizers were chosen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.formats import NumberFormat, number_format

REGIMES = ("raw", "retrain")
REGIME_TITLES = {"raw": "RAW", "retrain": "RE-TRAIN"}


@dataclass(frozen=True)
class Calibration:
    """How activation ranges are chosen. `calibrator` is a name of core.quantization.calibrators; `search` refines FIXED-N."""

    calibrator: str = "mse"
    search: bool = True


@dataclass(frozen=True)
class Variant:
    """One (network, weights, number format, regime). `weights` is `photos`, `signs`, `imagenet`, or a file's path.

    With regime `retrain`, what runs was retrained from `weights` for the format (core.models.regimes), or is the file itself.
    Its calibration is then what it was trained under, whatever is asked for here.
    """

    network: str
    weights: str
    format: str
    regime: str = "raw"
    calibration: Calibration = Calibration()

    @property
    def number_format(self) -> NumberFormat:
        return number_format(self.format)

    @property
    def weights_name(self) -> str:
        """As people are told: `photos`, or a file's name without its folders."""
        return Path(self.weights).name

    @property
    def title(self) -> str:
        """The format and regime as people read them: "FIXED-8", "FIXED-8 RE-TRAIN"."""
        return self.number_format.title + ("" if self.regime == "raw" else f" {REGIME_TITLES[self.regime]}")
