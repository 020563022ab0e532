"""Ranks, ties, and what is kept of an answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import BitlensError, RangeError, WeightsError
from core.quantization.prepare import Executable
from core.sweeps.outcomes import UNKNOWN, Outcomes, measure, outcomes
from core.sweeps.statistics import top
from core.variant import Variant

# Few values, so that most scores are equal to others.
TIED = arrays.arrays(np.float64, (6, 9), elements=st.sampled_from([-1.0, 0.0, 0.5, 2.0]))
TRUTH = arrays.arrays(np.int64, 6, elements=st.integers(UNKNOWN, 8))


def _found(scores: np.ndarray, truth: np.ndarray) -> Outcomes:
    return outcomes(torch.from_numpy(scores), np.arange(len(truth), dtype=np.int64), truth)


@given(TIED, TRUTH)
def test_ranks_by_counting(scores: np.ndarray, truth: np.ndarray) -> None:
    """One more than the classes with a higher score, and those with the same score and a smaller index."""
    found = _found(scores, truth)
    for row, true in enumerate(truth.tolist()):
        own = scores[row].tolist()
        best = own.index(max(own))
        assert found.prediction[row] == best
        if true == UNKNOWN:
            assert found.rank[row] == 0 and math.isnan(found.probability[row])
            continue
        before = sum(score > own[true] or (score == own[true] and c < true) for c, score in enumerate(own))
        assert found.rank[row] == before + 1
        assert bool(found.right[row]) == (best == true)


@given(TIED, TRUTH)
def test_scores_are_those_of_softmax(scores: np.ndarray, truth: np.ndarray) -> None:
    found = _found(scores, truth)
    for row, true in enumerate(truth.tolist()):
        total = sum(math.exp(score) for score in scores[row])
        assert found.score[row] == pytest.approx(math.exp(max(scores[row])) / total)
        if true != UNKNOWN:
            assert found.probability[row] == pytest.approx(math.exp(scores[row, true]) / total)


@given(TIED, TRUTH)
def test_rows_and_back(scores: np.ndarray, truth: np.ndarray) -> None:
    found = _found(scores, truth)
    again = Outcomes.from_rows(found.rows()[::-1])
    for name in Outcomes.__dataclass_fields__:
        here, there = getattr(found, name), getattr(again, name)
        assert here.dtype == there.dtype
        assert np.array_equal(here, there, equal_nan=here.dtype == np.float64)


def test_no_rows_at_all() -> None:
    assert len(Outcomes.from_rows([])) == 0 and not Outcomes.from_rows([]).labelled.any()


@pytest.mark.parametrize("classes", [10, 200])
def test_a_constant_scorer_on_a_balanced_set_gets_chance(classes: int) -> None:
    truth = np.arange(classes, dtype=np.int64).repeat(3)
    found = _found(np.zeros((len(truth), classes)), truth)
    first, five = top(found, 1), top(found, 5)
    assert first is not None and first.percent == pytest.approx(100 / classes)
    assert five is not None and five.percent == pytest.approx(500 / classes)
    assert set(found.prediction.tolist()) == {0}


def test_classes_that_the_network_does_not_know_are_not_counted() -> None:
    found = _found(np.eye(4, 9), np.array([0, UNKNOWN, 5, UNKNOWN], np.int64))
    assert found.counted.pictures.tolist() == [0, 2]
    nowhere = _found(np.eye(4, 9), np.full(4, UNKNOWN, np.int64))
    assert nowhere.counted.pictures.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(("format", "error"), [("fp16", RangeError), ("fp32", WeightsError), ("fixed8", WeightsError)])
def test_what_is_no_number_has_no_rank(value: float, place: int, format: str, error: type[BitlensError]) -> None:
    """Neither a class's score nor a corner of the box."""
    outputs = (torch.zeros(2, 9), torch.zeros(2, 4))
    outputs[place][1, 3] = value
    executable = Executable(lambda x: outputs, "torch", "native", 1, ("softmax",), "by hand")
    what, numbers = ("scores", "box corners")[place], np.zeros(2, np.int64)
    with pytest.raises(error, match=f"{what} are no numbers"):
        measure(Variant("squeezenet", "photos", format), executable, torch.zeros(2), numbers, numbers)
