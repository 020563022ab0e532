"""Calibration statistics: one histogram of values for each group of edges that shares a scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

BINS = 2048


@dataclass(frozen=True)
class Histogram:
    """Counts of the values seen in [low, high], in equal bins. Exact zeros are counted apart: every format holds them."""

    low: float
    high: float
    counts: NDArray[np.int64]
    zeros: int = 0

    @property
    def centres(self) -> NDArray[np.float64]:
        width = (self.high - self.low) / len(self.counts)
        return self.low + width * (np.arange(len(self.counts), dtype=np.float64) + 0.5)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: runs of equal counts, most of them zeros, are written once with their length."""
        cuts = np.flatnonzero(np.diff(self.counts, prepend=self.counts[0] + 1))
        lengths = np.diff(cuts, append=len(self.counts))
        runs = [[int(self.counts[cut]), int(length)] for cut, length in zip(cuts, lengths, strict=True)]
        return {"low": self.low, "high": self.high, "zeros": self.zeros, "runs": runs}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Histogram:
        counts, lengths = np.array(record["runs"], np.int64).T
        return cls(record["low"], record["high"], np.repeat(counts, lengths), record["zeros"])


def histogram(values: Tensor, low: float, high: float, bins: int = BINS) -> Histogram:
    """Of one batch of FP32 values; `low` and `high` must hold them all."""
    others = values[values != 0]
    if low < high:
        counts = others.histc(bins, low, high).numpy().astype(np.int64)
    else:
        counts = np.bincount([0], [others.numel()], bins).astype(np.int64)
    return Histogram(low, high, counts, values.numel() - others.numel())


def merge(one: Histogram, other: Histogram) -> Histogram:
    """Of two batches with the same bounds."""
    return Histogram(one.low, one.high, one.counts + other.counts, one.zeros + other.zeros)
