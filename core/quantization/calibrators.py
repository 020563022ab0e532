"""Calibrators: each gives a cost to one choice of range and step; the cheapest choice wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import RequestError
from core.quantization.histogram import Histogram

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """The representable values: from `low` to `high` in equal steps. FIXED-8 with FL 6 is -2, -1.984375 ... 1.984375."""

    low: float
    high: float
    step: float

    def nearest(self, values: Values) -> Values:
        """Round half to even, saturate: 0.999 on that FIXED-8 grid is 1.0, and 5 is 1.984375."""
        return np.clip(np.rint(values / self.step) * self.step, self.low, self.high)


class Calibrator(Protocol):
    name: str
    title: str
    summary: str

    def cost(self, histogram: Histogram, grid: Grid) -> float:
        """Smaller is better; infinite where the grid will not do."""


class MinMax:
    name, title = "minmax", "Minimum and maximum"
    summary = "The finest step whose range holds every value seen."

    def cost(self, histogram: Histogram, grid: Grid) -> float:
        half = grid.step / 2
        return grid.step if grid.low - half <= histogram.low and histogram.high <= grid.high + half else np.inf


class Percentile:
    name, title = "percentile", "99.99th percentile"
    summary = "The finest step whose range holds 99.99 % of the values seen."
    one_in = 10_000

    def cost(self, histogram: Histogram, grid: Grid) -> float:
        outside = (histogram.centres < grid.low - grid.step / 2) | (histogram.centres > grid.high + grid.step / 2)
        lost = histogram.counts[outside].sum()
        total = histogram.counts.sum() + histogram.zeros
        # In whole numbers: 1 - 0.9999 in float64 is too little, and would refuse 2 of 20,000.
        return grid.step if lost * self.one_in <= total else np.inf


class SquaredError:
    name, title = "mse", "Least squared error"
    summary = "The step with the smallest mean squared error over the values seen."

    def cost(self, histogram: Histogram, grid: Grid) -> float:
        error = grid.nearest(histogram.centres) - histogram.centres
        width = (histogram.high - histogram.low) / len(histogram.counts)
        floor = min(width, grid.step) ** 2 / 12
        return float(np.sum(histogram.counts * (error**2 + floor)) / max(1, histogram.counts.sum()))


class Divergence:
    name, title = "kl", "Least KL divergence"
    summary = "The step whose rounded values keep the distribution closest (Migacz, TensorRT, GTC 2017)."

    def cost(self, histogram: Histogram, grid: Grid) -> float:
        centres, half = histogram.centres, grid.step / 2
        inside = np.flatnonzero((centres >= grid.low - half) & (centres <= grid.high + half))
        if not len(inside):
            return np.inf
        counts = histogram.counts[inside].astype(np.float64)
        clipped = counts.copy()
        clipped[0] += histogram.counts[: inside[0]].sum()
        clipped[-1] += histogram.counts[inside[-1] + 1 :].sum()
        return _divergence(clipped, _spread(counts, np.rint(centres[inside] / grid.step)))


def _spread(counts: Values, levels: Values) -> Values:
    """Each level's count shared equally among the non-empty bins that round to it: what is left of the distribution."""
    _, place = np.unique(levels, return_inverse=True)
    filled = counts > 0
    return np.where(filled, np.bincount(place, counts)[place] / np.maximum(np.bincount(place, filled)[place], 1), 0.0)


def _divergence(p: Values, q: Values) -> float:
    """Kullback-Leibler divergence in nats of two histograms; a bin that only `p` fills counts as nearly impossible in `q`."""
    p, q = p / max(1.0, p.sum()), q / max(1.0, q.sum())
    filled = p > 0
    return float(np.sum(p[filled] * np.log(p[filled] / np.maximum(q[filled], 1e-12))))


CALIBRATORS: dict[str, Calibrator] = {
    calibrator.name: calibrator for calibrator in (SquaredError(), MinMax(), Percentile(), Divergence())
}


def calibrator(name: str) -> Calibrator:
    if name not in CALIBRATORS:
        raise RequestError(f"There is no calibrator named {name!r}.", f"Choose from: {', '.join(CALIBRATORS)}.")
    return CALIBRATORS[name]
