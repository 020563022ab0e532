"""Does a format keep 99 % or 99.9 % of FP32's accuracy, as MLPerf Inference asks? Yes, no, or not to be told from this sample.

What is judged is the ratio r = Top-1 of the variant / Top-1 of FP32 on the same pictures. MLPerf compares the two figures of
one fixed set; here the set is a sample, and "yes" means that pictures like these would give the same verdict.

The paired interval of r inverts the score test for matched pairs (Tang, Tang and Chan, Statistics in Medicine 22, 2003;
the same as Nam and Blackwelder's constrained likelihood, Statistics in Medicine 21, 2002). Of n pictures let `both` be right
in both, `gained` in the variant alone, `lost` in FP32 alone, and `seen` be these three together. For a hypothetical ratio r

    z(r) = (both + gained - r * (both + lost)) / sqrt(n * r * (p_gained + p_lost))

with the most likely shares of gained and lost pictures if the ratio were r: p_lost is the larger root of A p^2 + B p + C = 0,
A = n (1 + r), B = (both + lost) r^2 - (both + gained + 2 lost), C = lost (1 - r) seen / n; p_gained is
(p_lost - (1 - r) seen / n) / r. z is about standard normal then. The interval at level 1 - 2a holds every r with |z(r)| < z_a.

One table asks many questions. Each row gives, for each threshold, two one-sided hypotheses, "r is at most it" and "r is at
least it"; Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979) runs over all of them together, so that
with 95 % confidence no yes and no no in the whole table is wrong. The verdict is yes where the first is rejected, no where the
second is: the same as asking whether the interval at the corrected level lies above or below the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from core.sweeps.outcomes import Flags

Verdict = Literal["yes", "no", "undecided"]
THRESHOLDS = (0.99, 0.999)
ERROR = 0.05
SMALLEST = 1e-9


@dataclass(frozen=True)
class Pairs:
    """Counts of pictures by who is right: FP32 and the variant, the variant alone, FP32 alone, neither."""

    both: int
    gained: int
    lost: int
    neither: int

    @classmethod
    def of(cls, before: Flags, after: Flags) -> Pairs:
        """`before` says for each picture whether FP32 is right, `after` whether the variant is."""
        counts = (before & after, ~before & after, before & ~after, ~before & ~after)
        return cls(*(int(np.count_nonzero(one)) for one in counts))

    @property
    def total(self) -> int:
        return self.both + self.gained + self.lost + self.neither

    @property
    def ratio(self) -> float | None:
        """The variant's accuracy by FP32's: 90 right of 100 that were right is 0.9. None where FP32 is never right."""
        right = self.both + self.lost
        return (self.both + self.gained) / right if right else None


def z_score(pairs: Pairs, ratio: float) -> float:
    """How far the counts lie above what `ratio` would give, in standard errors; 0 where they are what it gives.

    1,000 right in both and none in one alone: z(0.99) is 3.18, z(0.999) is 1.0.
    """
    above = pairs.both + pairs.gained - ratio * (pairs.both + pairs.lost)
    error = math.sqrt(max(0.0, pairs.total * ratio * sum(constrained(pairs, ratio))))
    if error == 0:
        return math.copysign(math.inf, above) if abs(above) > 1e-9 else 0.0
    return above / error


def constrained(pairs: Pairs, ratio: float) -> tuple[float, float]:
    """The most likely shares of pictures gained and lost among all, if the ratio were `ratio`."""
    seen = pairs.both + pairs.gained + pairs.lost
    a = pairs.total * (1 + ratio)
    b = (pairs.both + pairs.lost) * ratio**2 - (pairs.both + pairs.gained + 2 * pairs.lost)
    c = pairs.lost * (1 - ratio) * seen / pairs.total
    lost = (-b + math.sqrt(max(0.0, b * b - 4 * a * c))) / (2 * a)
    return max(0.0, (lost - (1 - ratio) * seen / pairs.total) / ratio), lost


def interval(pairs: Pairs, confidence: float = 0.95) -> tuple[float, float] | None:
    """The ratio's lower and upper limit; None where FP32 is never right. 1,000 right in both alone: 0.9962 to 1.0038."""
    if pairs.ratio is None:
        return None
    z = float(norm.ppf((1 + confidence) / 2))
    middle = max(pairs.ratio, SMALLEST)
    low = brentq(lambda r: z_score(pairs, r) - z, SMALLEST, middle) if z_score(pairs, SMALLEST) > z else 0.0
    high = middle
    while z_score(pairs, high) > -z:  # z falls with the square root of r, without end
        high *= 2
    return low, brentq(lambda r: z_score(pairs, r) + z, middle, high)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's corrected p-values, in the order given: 0.01, 0.04, 0.03 become 0.03, 0.06, 0.06."""
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


def verdicts(table: Sequence[Pairs], thresholds: Sequence[float] = THRESHOLDS) -> list[tuple[Verdict, ...]]:
    """For each row of a table, the verdict at each threshold. Where FP32 is never right, all are undecided."""
    asked = [
        (row, threshold)
        for row, pairs in enumerate(table)
        if pairs.ratio is not None
        for threshold in range(len(thresholds))
    ]
    scores = [z_score(table[row], thresholds[threshold]) for row, threshold in asked]
    corrected = holm([p for z in scores for p in (float(norm.sf(z)), float(norm.cdf(z)))])
    found: list[list[Verdict]] = [["undecided"] * len(thresholds) for _ in table]
    for place, (row, threshold) in enumerate(asked):
        keeps, loses = corrected[2 * place : 2 * place + 2]
        if min(keeps, loses) <= ERROR:
            found[row][threshold] = "yes" if keeps < loses else "no"
    return [tuple(row) for row in found]
