"""The pictures that layers are searched on: held ready, with FP32's answers, which all others are compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.datasets.picture_set import PictureSet
from core.datasets.survey import Unreadable
from core.engines.scores import check_finite
from core.errors import DataError
from core.models.preprocessing import Preprocessing
from core.quantization.prepare import Executable
from core.sweeps.batches import prepare
from core.sweeps.begin import truths
from core.sweeps.layers.records import Closeness
from core.sweeps.outcomes import Integers, Outcomes, outcomes
from core.sweeps.statistics import share, top
from core.variant import Variant

DEVIATIONS = 1.96  # of a normal distribution: 95 % lie within


@dataclass(frozen=True)
class Searched:
    """`batches` are preprocessed [n, 3, side, side]; `exact` are FP32's scores [pictures, classes] and what follows."""

    batches: Sequence[Tensor] = field(repr=False)
    numbers: Integers = field(repr=False)
    truth: Integers = field(repr=False)
    exact: Tensor = field(repr=False)
    skipped: Sequence[Unreadable] = ()

    @property
    def answers(self) -> Outcomes:
        return outcomes(self.exact, self.numbers, self.truth)

    def closeness(self, scores: Tensor) -> Closeness:
        """How near other scores of the same pictures come."""
        each = divergences(scores, self.exact)
        mean, low, high = interval(each)
        exact, found = self.answers, outcomes(scores, self.numbers, self.truth)
        same = int(np.count_nonzero(exact.prediction == found.prediction))
        return Closeness(len(each), mean, low, high, share(same, len(each)), top(found, 1))


def divergences(scores: Tensor, exact: Tensor) -> Tensor:
    """KL(FP32 || found) of each picture in nats: sum of p * (ln p - ln q) over classes. p (1/2, 1/2), q (3/4, 1/4): 0.1438."""
    return F.kl_div(scores.log_softmax(1), exact.log_softmax(1), log_target=True, reduction="none").sum(1)


def interval(values: Tensor) -> tuple[float, float, float]:
    """The mean of values that are never below 0, and the limits of its 95 % interval.

    It is symmetric in the logarithm, whose standard error is the mean's by the mean (the delta method): mean 0.2 with a standard
    error of 0.02 lies within 0.1644 and 0.2433.
    """
    mean = max(0.0, float(values.mean()))  # rounding may leave a divergence of nothing a little below
    if mean == 0 or len(values) < 2:
        return mean, mean, mean
    factor = math.exp(DEVIATIONS * float(values.std(unbiased=True)) / len(values) ** 0.5 / mean)
    return mean, mean / factor, mean * factor


def searched(
    data: PictureSet,
    numbers: Sequence[int],
    size: int,
    like: Preprocessing,
    labels: str,
    fp32: Executable,
    variant: Variant,
) -> Searched:
    """Read the pictures and run FP32 on them. Raises DataError where none can be read; RangeError, WeightsError."""
    parts = [numbers[begin : begin + size] for begin in range(0, len(numbers), size)]
    read = [prepare(data, number, part, [like]) for number, part in enumerate(parts)]
    batches = [batch for batch in read if batch.pictures]
    if not batches:
        raise DataError("None of the pictures can be read.", "Check the files, and that they are pictures.")
    exact = torch.cat([fp32.run(batch.inputs[like])[0] for batch in batches])
    check_finite([exact], variant)
    readable = [picture for batch in batches for picture in batch.pictures]
    inputs = [batch.inputs[like] for batch in batches]
    skipped = [one for batch in read for one in batch.skipped]
    return Searched(inputs, np.array(readable, np.int64), truths(data, readable, labels), exact, skipped)
