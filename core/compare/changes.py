"""What changed between number formats: ranks, confidences and boxes against FP32, as data.

Ranks follow one order everywhere: score descending, then class index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.compare.records import Answer, Box, Guess

Direction = Literal["up", "down", "same", "new"]


@dataclass(frozen=True)
class Move:
    """How one guess of a Top-5 stands against FP32.

    `baseline_rank` is FP32's rank of the same class among all classes; `new` means that it is not in FP32's Top-5.
    `points` is the signed change of confidence in percentage points, to two decimals: 0.71 to 0.64 is -7.0.
    """

    label: str
    class_index: int
    rank: int
    baseline_rank: int
    direction: Direction
    points: float

    @property
    def words(self) -> str:
        """The move for a screen reader: "up from rank 5 to 4, 7.00 points less sure"."""
        place = {
            "same": "same rank as FP32",
            "new": f"new in the list, rank {self.baseline_rank} in FP32",
            "up": f"up from rank {self.baseline_rank} to {self.rank}",
            "down": f"down from rank {self.baseline_rank} to {self.rank}",
        }[self.direction]
        return f"{place}, {points_in_words(self.points)}"


@dataclass(frozen=True)
class ConfidenceChange:
    """One class whose confidence (0 to 1) differs between FP32 and the variant titled `title`."""

    title: str
    label: str
    before: float
    after: float

    @property
    def points(self) -> float:
        return _points(self.before, self.after)


def tied(answer: Answer) -> frozenset[int]:
    """The class indices of the list whose score another class has too: their order is only that of the classes."""
    counts = Counter(answer.probabilities)
    return frozenset(guess.class_index for guess in answer.top if counts[guess.score] > 1)


def points_in_words(points: float) -> str:
    """-7.0 gives "7.00 points less sure"."""
    if points == 0:
        return "equally sure"
    return f"{abs(points):.2f} points {'more' if points > 0 else 'less'} sure"


def baseline_of(answers: Iterable[Answer]) -> Answer | None:
    """RAW FP32's answer among those of one network to one picture, if it was run. FP32 RE-TRAIN is another network."""
    return next((one for one in answers if (one.variant.format, one.variant.regime) == ("fp32", "raw")), None)


def moves(answer: Answer, baseline: Answer) -> tuple[Move, ...]:
    """One move for each guess of `answer`, in its order. Both answer the same network, weights and picture."""
    return tuple(_move(guess, baseline) for guess in answer.top)


def _move(guess: Guess, baseline: Answer) -> Move:
    before = rank_of(guess.class_index, baseline.probabilities)
    return Move(
        label=guess.label,
        class_index=guess.class_index,
        rank=guess.rank,
        baseline_rank=before,
        direction=_direction(guess.rank, before, len(baseline.top)),
        points=_points(baseline.probabilities[guess.class_index], guess.score),
    )


def _direction(rank: int, before: int, listed: int) -> Direction:
    if before > listed:
        return "new"
    if rank == before:
        return "same"
    return "up" if rank < before else "down"


def rank_of(class_index: int, probabilities: Sequence[float]) -> int:
    """A class's rank from 1 among all classes: in (0.2, 0.4, 0.4) class 2 has rank 2, since class 1 precedes it."""
    score = probabilities[class_index]
    ahead = sum(other > score for other in probabilities)
    return 1 + ahead + sum(other == score for other in probabilities[:class_index])


def _points(before: float, after: float) -> float:
    """Percentage points to two decimals; adding 0.0 turns a rounded -0.0 into 0.0."""
    return round(100 * (after - before), 2) + 0.0


def box_iou(a: Box | None, b: Box | None) -> float | None:
    """Area of the overlap over area of the union; None where a box is missing or both are empty.

    (0, 0, 2, 1) and (1, 0, 3, 1) overlap in 1 of 3: 0.333.
    """
    if a is None or b is None:
        return None
    overlap = _area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    union = _area(a) + _area(b) - overlap
    return overlap / union if union > 0 else None


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def largest_change(answers: Sequence[Answer]) -> ConfidenceChange | None:
    """The largest change of confidence among the classes that FP32 or the format lists; None without a pair."""
    baseline = baseline_of(answers)
    if baseline is None:
        return None
    changes = [
        ConfidenceChange(
            title=answer.variant.title,
            label=guess.label,
            before=baseline.probabilities[guess.class_index],
            after=answer.probabilities[guess.class_index],
        )
        for answer in answers
        if answer is not baseline
        for guess in (*baseline.top, *answer.top)
    ]
    return max(changes, key=lambda change: abs(change.after - change.before), default=None)
