"""What one variant answered for each picture: all that a sweep keeps, and all that its statistics are made of."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.variant import Variant

if TYPE_CHECKING:  # what was found is read without torch, which takes seconds to import
    from torch import Tensor

    from core.quantization.prepare import Executable

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
UNKNOWN = -1


@dataclass(frozen=True)
class Outcomes:
    """Arrays [n] over pictures, in ascending order of their numbers.

    `truth` is the true class as an output of the network, UNKNOWN where there is none; `rank` is its place among the answers
    from 1 on, 0 where there is no truth. `prediction` is the first answer and `score` its softmax; `probability` is that of
    the true class, NaN where there is none. Both are rounded to single precision, as files hold them. Equal scores stand in
    the order of their classes.
    """

    pictures: Integers
    truth: Integers
    rank: Integers
    prediction: Integers
    score: Floats
    probability: Floats

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def labelled(self) -> Flags:
        return np.not_equal(self.truth, UNKNOWN)

    @property
    def right(self) -> Flags:
        """Where the first answer is the true class."""
        return np.equal(self.rank, 1)

    def take(self, which: Integers | Flags) -> Outcomes:
        return Outcomes(*(getattr(self, name)[which] for name in Outcomes.__dataclass_fields__))

    @property
    def counted(self) -> Outcomes:
        """What a percentage is of: the pictures whose class the network knows, or all where none has one."""
        return self.take(self.labelled) if self.labelled.any() else self

    def rows(self) -> list[tuple[Any, ...]]:
        """For a table: picture, truth, rank, prediction, score, probability; None for what is not known."""
        return [
            (picture, truth, rank, prediction, score, probability)
            if truth != UNKNOWN
            else (picture, None, None, prediction, score, None)
            for picture, truth, rank, prediction, score, probability in zip(
                *(getattr(self, name).tolist() for name in Outcomes.__dataclass_fields__), strict=True
            )
        ]

    @classmethod
    def from_rows(cls, rows: list[tuple[Any, ...]]) -> Outcomes:
        """The inverse of `rows`."""
        known = [
            row if row[1] is not None else (row[0], UNKNOWN, 0, row[3], row[4], float("nan"))
            for row in sorted(rows, key=lambda row: int(row[0]))
        ]
        columns = list(zip(*known, strict=True)) if known else [()] * 6
        pictures, truth, rank, prediction = (np.array(column, np.int64) for column in columns[:4])
        score, probability = (np.array(column, np.float64) for column in columns[4:])
        return cls(pictures, truth, rank, prediction, score, probability)


def measure(
    variant: Variant, executable: Executable, x: Tensor, pictures: Integers, truth: Integers
) -> tuple[Outcomes, float]:
    """The outcomes for preprocessed pictures `x` [n, 3, side, side], and the seconds that the engine took.

    Raises RangeError or WeightsError where an output is no number: it has no rank.
    """
    from core.engines.scores import check_finite

    began = time.perf_counter()
    outputs = [output.cpu() for output in executable.run(x)]  # a GPU has finished when its values are here
    seconds = time.perf_counter() - began
    check_finite(outputs, variant)
    return outcomes(outputs[0], pictures, truth), seconds


def outcomes(outputs: Tensor, pictures: Integers, truth: Integers) -> Outcomes:
    """From a network's outputs [n, classes]. Scores 1, 3, 3 and truth 2: prediction 1, rank 2."""
    import torch

    from core.engines.scores import ranking, softmax

    scores = softmax(outputs).float().double()
    order = ranking(outputs)
    known = torch.from_numpy(truth).clamp(min=0)[:, None]
    has_truth = truth != UNKNOWN
    places = (order == known).int().argmax(dim=1).numpy() + 1
    return Outcomes(
        pictures=pictures,
        truth=truth,
        rank=np.where(has_truth, places, 0),
        prediction=order[:, 0].numpy(),
        score=scores.gather(1, order[:, :1])[:, 0].numpy(),
        probability=np.where(has_truth, scores.gather(1, known)[:, 0].numpy(), np.nan),
    )
