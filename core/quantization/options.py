"""What a RE-TRAIN is asked to do beside its data. Imports no torch, so that a plan can hold it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from core.errors import RequestError
from core.formats import NumberFormat
from core.variant import Calibration


@dataclass(frozen=True)
class Options:
    """Everything that decides the outcome beside the data.

    `rate` is Adam's, at its peak; `steps` cuts each epoch to so many batches (None: every picture once). `lengths` says whether
    FIXED-N's fractional lengths stay as they were before training or are searched again after it, for at most `search_s`
    seconds. `box_weight` is the box's share of the loss where network and data have boxes. `calibration` says how the lengths
    or scales are chosen before training.
    """

    rate: float = 3e-4
    epochs: int = 3
    steps: int | None = None
    batch: int = 64
    lengths: Literal["frozen", "search"] = "frozen"
    search_s: float = 120.0
    box_weight: float = 0.25
    smallest_crop: float = 0.75
    seed: int = 0
    calibration: Calibration = Calibration()

    def __post_init__(self) -> None:
        if not 0 < self.rate < math.inf:
            raise RequestError(f"A learning rate of {self.rate:g} trains nothing.", "Give one such as 0.0003.")
        if min(self.epochs, self.batch, 1 if self.steps is None else self.steps) < 1:
            raise RequestError("Epochs, steps and batch size are counted from 1.", "Give whole numbers above 0.")

    @property
    def most(self) -> int | None:
        """So many pictures suffice for an epoch: 100 steps of 64 take 6,400. None takes all there are."""
        return None if self.steps is None else self.steps * self.batch

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Options:
        """The inverse of `as_dict`. Raises TypeError or KeyError for anything else."""
        return cls(**{**values, "calibration": Calibration(**values["calibration"])})


BUDGETS = {
    "photos": Options(rate=1e-4, epochs=2, steps=300),
    "signs": Options(rate=2e-3, epochs=2, steps=200, smallest_crop=0.9),
}
"""By the labels of the weights: what two processor cores do within minutes."""


def budget(labels: str) -> Options:
    """What is done where nothing else is asked for: an epoch is cut short, since a person waits for its end."""
    return BUDGETS.get(labels, Options())


def check_retrainable(format: NumberFormat, options: Options) -> None:
    """Raises RequestError for a float format other than fp32, the control, and for lengths that the format does not have."""
    if format.kind == "float" and format.name != "fp32":
        raise RequestError(
            f"{format.title} is not retrained.", "Choose FIXED-N, INT8, or fp32 for the control with the same training."
        )
    if options.lengths == "search" and format.kind != "fixed":
        raise RequestError(f"{format.title} has no fractional lengths to search for.", "Keep the lengths frozen.")
