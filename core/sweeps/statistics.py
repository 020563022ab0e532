"""What the outcomes of variants say: accuracy with its uncertainty, what changed against FP32, and how sure the answers are.

Percentages run from 0 to 100. All of it follows from the stored outcomes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from core.sweeps.outcomes import Outcomes
from core.sweeps.verdicts import Pairs

BINS = 15
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """`percent` of pictures, and the limits of its Wilson 95 % interval."""

    percent: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassChange:
    """One class of `images` pictures: how many FP32 has right (`before`), how many the variant (`after`).

    `lost` are right in FP32 alone, `gained` in the variant alone. `taken_for` is the class that the variant most often gives
    for the lost ones, None where none is lost. Classes are outputs of the network.
    """

    class_index: int
    images: int
    before: int
    after: int
    lost: int
    gained: int
    taken_for: int | None


def top(found: Outcomes, places: int) -> Share | None:
    """How often the true class is among the first `places` answers; None where no class is known."""
    labelled = found.take(found.labelled)
    return share(int(np.count_nonzero(labelled.rank <= places)), len(labelled)) if len(labelled) else None


def share(hits: int, total: int) -> Share:
    """Wilson's score interval, from scipy: 8 of 10 are 80 %, 49.02 to 94.33."""
    interval = binomtest(hits, total).proportion_ci(CONFIDENCE, method="wilson")
    return Share(100 * hits / total, 100 * float(interval.low), 100 * float(interval.high))


def paired(before: Outcomes, after: Outcomes) -> tuple[Outcomes, Outcomes]:
    """Both on the pictures that both have answered: while a sweep runs, one may be a batch ahead."""
    _, here, there = np.intersect1d(before.pictures, after.pictures, assume_unique=True, return_indices=True)
    return before.take(here), after.take(there)


def pairs(before: Outcomes, after: Outcomes) -> Pairs:
    """Counts over the pictures that both have answered and whose class is known."""
    before, after = paired(before, after)
    known = before.labelled & after.labelled
    return Pairs.of(before.right[known], after.right[known])


def mcnemar(counts: Pairs) -> float:
    """The exact two-sided p-value of McNemar's test: how likely so lopsided a split is if gains and losses are equally likely.

    One gained and nine lost: 22 / 1,024 = 0.0215. None of either: 1.
    """
    changed = counts.gained + counts.lost
    return float(binomtest(counts.gained, changed, 0.5).pvalue) if changed else 1.0


def written(p_value: float | None) -> str:
    """With four decimals, "< 0.0001" below that, and empty where there is none."""
    return "" if p_value is None else "< 0.0001" if p_value < 0.0001 else f"{p_value:.4f}"


def agreement(before: Outcomes, after: Outcomes) -> float | None:
    """The percentage of pictures with the same first answer, right or wrong, of those that count; None where none does."""
    before, after = paired(before.counted, after.counted)
    return 100 * float(np.mean(before.prediction == after.prediction)) if len(before) else None


def mean_confidence(found: Outcomes) -> float | None:
    """The mean softmax of the first answer, in percent."""
    return 100 * float(found.counted.score.mean()) if len(found) else None


def calibration_error(found: Outcomes, bins: int = BINS) -> float | None:
    """The expected calibration error in percentage points (Guo et al., ICML 2017); None where no class is known.

    Answers are sorted into equal bins (low, high] by confidence; it is the mean distance between a bin's confidence and its
    accuracy, each bin weighted by its answers. Ten answers that are 90 % sure, of which eight are right: 10 points.
    """
    labelled = found.take(found.labelled)
    if not len(labelled):
        return None
    bin_of = np.clip(np.ceil(labelled.score * bins).astype(int) - 1, 0, bins - 1)
    surplus = np.bincount(bin_of, labelled.score - labelled.right, bins)
    return 100 * float(np.abs(surplus).sum()) / len(labelled)


def class_changes(before: Outcomes, after: Outcomes) -> list[ClassChange]:
    """Every class in the pictures, those that lose most first; equal losses in the order of the classes."""
    before, after = paired(before, after)
    known = before.labelled & after.labelled
    before, after = before.take(known), after.take(known)
    found = [_change(int(index), before, after) for index in np.unique(before.truth)]
    return sorted(found, key=lambda one: (one.after - one.before, one.class_index))


def _change(index: int, before: Outcomes, after: Outcomes) -> ClassChange:
    here = before.truth == index
    was, now = before.right[here], after.right[here]
    taken = after.prediction[here][was & ~now]
    return ClassChange(
        class_index=index,
        images=int(np.count_nonzero(here)),
        before=int(np.count_nonzero(was)),
        after=int(np.count_nonzero(now)),
        lost=int(np.count_nonzero(was & ~now)),
        gained=int(np.count_nonzero(now & ~was)),
        taken_for=int(np.bincount(taken).argmax()) if len(taken) else None,
    )


def disagreements(answers: Sequence[Outcomes]) -> list[int]:
    """The pictures that all have answered, and not all alike; ascending."""
    common = answers[0].pictures
    for one in answers[1:]:
        common = np.intersect1d(common, one.pictures, assume_unique=True)
    columns = np.stack([one.prediction[np.searchsorted(one.pictures, common)] for one in answers])
    return [int(picture) for picture in common[(columns != columns[0]).any(axis=0)]]
