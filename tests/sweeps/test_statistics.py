"""Each figure against its formula, worked by hand here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sweeps import statistics
from core.sweeps.outcomes import UNKNOWN, Outcomes
from core.sweeps.verdicts import Pairs


def _found(
    prediction: Sequence[int],
    truth: Sequence[int] | None = None,
    score: Sequence[float] | None = None,
    pictures: Sequence[int] | None = None,
    rank: Sequence[int] | None = None,
) -> Outcomes:
    """A wrong answer has rank 2, unless it is given."""
    count = len(prediction)
    true = np.array([UNKNOWN] * count if truth is None else truth, np.int64)
    answers = np.array(prediction, np.int64)
    ranks = np.where(true == UNKNOWN, 0, np.where(answers == true, 1, 2)) if rank is None else np.array(rank, np.int64)
    scores = np.full(count, 0.5) if score is None else np.array(score, np.float64)
    numbers = np.arange(count, dtype=np.int64) if pictures is None else np.array(pictures, np.int64)
    return Outcomes(numbers, true, ranks, answers, scores, scores)


@given(st.integers(1, 500), st.data())
def test_wilsons_interval_by_its_formula(total: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, total))
    z, p = 1.959963984540054, hits / total
    centre = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    found = statistics.share(hits, total)
    assert found.percent == pytest.approx(100 * p)
    assert found.low == pytest.approx(100 * (centre - half), abs=1e-9)
    assert found.high == pytest.approx(100 * (centre + half), abs=1e-9)


def test_top_5_by_ranks() -> None:
    found = _found([0] * 8, truth=[1] * 8, rank=[1, 2, 5, 6, 7, 100, 5, 1])
    first, five = statistics.top(found, 1), statistics.top(found, 5)
    assert first is not None and five is not None
    assert (first.percent, five.percent) == (25.0, 62.5)
    assert statistics.top(_found([0, 1]), 1) is None


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_by_counting_coins(gained: int, lost: int) -> None:
    """Twice the chance of at most min heads in as many throws of a fair coin as there were changes, 1 at most."""
    changed = gained + lost
    tail = sum(math.comb(changed, k) for k in range(min(gained, lost) + 1)) / 2**changed
    assert statistics.mcnemar(Pairs(50, gained, lost, 50)) == pytest.approx(min(1.0, 2 * tail))


def test_mcnemar_by_hand() -> None:
    assert statistics.mcnemar(Pairs(5, 1, 9, 5)) == pytest.approx(22 / 1024)
    assert statistics.mcnemar(Pairs(5, 0, 0, 5)) == 1.0


def test_pairs_are_counted_on_common_pictures_of_known_classes() -> None:
    before = _found([0, 0, 1, 1, 7, 0], truth=[0, 0, 0, 0, UNKNOWN, 0], pictures=[1, 2, 3, 4, 5, 9])
    after = _found([1, 0, 0, 0, 1, 7, 0], truth=[0, 0, 0, 0, 0, UNKNOWN, 0], pictures=[0, 1, 2, 3, 4, 5, 7])
    assert statistics.pairs(before, after) == Pairs(both=2, gained=1, lost=0, neither=1)


def test_agreement_counts_wrong_answers_too() -> None:
    before, after = _found([3, 4, 5, 6], truth=[0, 0, 0, 0]), _found([3, 4, 0, 0], truth=[0, 0, 0, 0])
    assert statistics.agreement(before, after) == 50.0
    assert statistics.agreement(_found([1, 2, 3]), _found([1, 2, 4])) == pytest.approx(200 / 3)
    assert statistics.agreement(_found([1]), _found([])) is None


def test_calibration_error_by_hand() -> None:
    """Ten answers at 0.9, eight right: 0.1 off. Ten at 0.3, three right: not off. Twenty in all: 5 points."""
    truth = [1] * 20
    prediction = [1] * 8 + [0] * 2 + [1] * 3 + [0] * 7
    found = _found(prediction, truth, [0.9] * 10 + [0.3] * 10)
    assert statistics.calibration_error(found) == pytest.approx(5.0)
    assert statistics.mean_confidence(found) == pytest.approx(60.0)
    assert statistics.calibration_error(_found([1, 2])) is None


@given(st.lists(st.tuples(st.floats(0.001, 1.0), st.booleans()), min_size=1, max_size=30))
def test_calibration_error_bin_by_bin(answers: list[tuple[float, bool]]) -> None:
    expected = 0.0
    for number in range(15):
        low, high = number / 15, (number + 1) / 15
        inside = [(score, right) for score, right in answers if low < score <= high]
        if inside:
            confidence = sum(score for score, _ in inside) / len(inside)
            accuracy = sum(right for _, right in inside) / len(inside)
            expected += len(inside) / len(answers) * abs(accuracy - confidence)
    truth = [0 if right else 1 for _, right in answers]
    found = _found([0] * len(answers), truth, [score for score, _ in answers])
    assert statistics.calibration_error(found) == pytest.approx(100 * expected, abs=1e-6)


def test_which_classes_lose_most() -> None:
    truth = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    before = _found([0, 0, 0, 1, 1, 5, 2, 5, 5], truth)
    after = _found([0, 4, 4, 1, 3, 1, 2, 2, 5], truth)
    worst, same, better = statistics.class_changes(before, after)
    assert worst == statistics.ClassChange(0, images=3, before=3, after=1, lost=2, gained=0, taken_for=4)
    assert (same.class_index, same.before, same.after, same.lost, same.gained, same.taken_for) == (1, 2, 2, 1, 1, 3)
    assert (better.class_index, better.before, better.after, better.taken_for) == (2, 1, 2, None)


def test_pictures_on_which_formats_disagree() -> None:
    one = _found([1, 2, 3, 4], pictures=[3, 5, 8, 9])
    other = _found([1, 7, 3, 4, 0], pictures=[3, 5, 8, 9, 11])
    third = _found([1, 2, 6], pictures=[3, 5, 8])
    assert statistics.disagreements([one, other]) == [5]
    assert statistics.disagreements([one, other, third]) == [5, 8]
    assert statistics.disagreements([one]) == []


@given(st.lists(st.lists(st.integers(0, 2), min_size=6, max_size=6), min_size=1, max_size=4))
def test_disagreement_is_any_two_that_differ(table: list[list[int]]) -> None:
    expected = [i for i in range(6) if any(a[i] != b[i] for a, b in product(table, table))]
    assert statistics.disagreements([_found(row) for row in table]) == expected
