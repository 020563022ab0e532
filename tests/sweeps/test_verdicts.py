"""The paired ratio and its verdicts, against likelihoods maximised by a search and tables drawn at random."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from core.sweeps.verdicts import Pairs, constrained, holm, interval, verdicts, z_score

COUNTS = st.builds(Pairs, st.integers(1, 400), st.integers(0, 30), st.integers(0, 30), st.integers(0, 400))
EXAMPLES = [
    Pairs(50, 3, 7, 40),
    Pairs(400, 10, 15, 75),
    Pairs(80, 0, 5, 15),
    Pairs(80, 5, 0, 15),
    Pairs(5, 2, 9, 0),
    Pairs(100, 0, 0, 10),
]


def _most_likely(pairs: Pairs, ratio: float) -> float:
    """The share lost that maximises the multinomial likelihood under the constraint on the ratio, found by a search.

    The other shares follow from it: of neither as many as are seen, and p_both + p_gained = ratio * (p_both + p_lost).
    """
    seen = 1 - pairs.neither / pairs.total

    def shares(lost: float) -> tuple[float, float, float]:
        both = (seen - lost) / ratio - lost
        return both, seen - both - lost, lost

    def unlikely(lost: float) -> float:
        counts = (pairs.both, pairs.gained, pairs.lost)
        return -sum(
            count * math.log(max(share, 1e-300)) for count, share in zip(counts, shares(lost), strict=True) if count
        )

    # Where both and gained stay above zero.
    low, high = max(0.0, seen * (1 - ratio)), seen / (1 + ratio)
    return float(minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x)


@pytest.mark.parametrize("pairs", EXAMPLES)
@pytest.mark.parametrize("ratio", [0.8, 0.9, 0.99, 0.999, 1.0, 1.1, 1.3])
def test_the_constrained_shares_are_the_most_likely_ones(pairs: Pairs, ratio: float) -> None:
    gained, lost = constrained(pairs, ratio)
    assert lost == pytest.approx(_most_likely(pairs, ratio), abs=2e-5)
    both = 1 - pairs.neither / pairs.total - gained - lost
    assert both + gained == pytest.approx(ratio * (both + lost), abs=1e-9)


def test_z_by_hand() -> None:
    """With no change at all: 1,000 (1 - r) / sqrt(1,000 r (1 - r)), for only pictures that are lost could explain r < 1."""
    for ratio in (0.99, 0.999):
        expected = 1000 * (1 - ratio) / math.sqrt(1000 * ratio * (1 - ratio))
        assert z_score(Pairs(1000, 0, 0, 0), ratio) == pytest.approx(expected)
    # At r = 1 it is McNemar's: (gained - lost) / sqrt(gained + lost).
    assert z_score(Pairs(50, 3, 7, 40), 1.0) == pytest.approx(-4 / math.sqrt(10))


@given(COUNTS, st.floats(0.5, 1.5), st.floats(1.001, 1.2))
def test_a_larger_ratio_is_never_more_likely_exceeded(pairs: Pairs, ratio: float, factor: float) -> None:
    assert z_score(pairs, ratio * factor) <= z_score(pairs, ratio) + 1e-9


@given(COUNTS)
def test_the_interval_holds_the_ratio_and_ends_where_z_says(pairs: Pairs) -> None:
    limits = interval(pairs)
    assert limits is not None and pairs.ratio is not None
    low, high = limits
    assert 0 <= low <= pairs.ratio <= high
    assert low == 0 or z_score(pairs, low) == pytest.approx(1.959964, abs=1e-3)
    assert z_score(pairs, high) == pytest.approx(-1.959964, abs=1e-3)


def test_the_ends_of_the_scale() -> None:
    assert interval(Pairs(0, 5, 0, 5)) is None  # FP32 is never right
    low, high = interval(Pairs(0, 0, 10, 0)) or (1.0, 1.0)
    assert low == 0 and 0 < high < 1
    low, high = interval(Pairs(1000, 0, 0, 0)) or (0.0, 0.0)
    assert (round(low, 4), round(high, 4)) == (0.9962, 1.0038)


def test_holm_by_hand() -> None:
    """The smallest three times, the next twice, but never less than the one before; then once."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.5]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_rejects_what_its_definition_rejects(p_values: list[float]) -> None:
    """Step down from the smallest and stop at the first that is above 0.05 / (how many are left)."""
    rejected = set()
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if p_values[index] * (len(p_values) - rank) > 0.05:
            break
        rejected.add(index)
    assert {index for index, p in enumerate(holm(p_values)) if p <= 0.05} == rejected


def test_verdicts_of_a_table() -> None:
    table = [
        Pairs(9000, 0, 0, 1000),  # no change in 9,000: both thresholds are kept
        Pairs(900, 0, 0, 100),  # in 900: a loss of 0.1 % could have gone unseen
        Pairs(7000, 100, 2000, 900),  # a loss of a fifth
        Pairs(8930, 20, 70, 980),  # half a percent lost
        Pairs(0, 5, 0, 5),  # nothing to keep
    ]
    assert verdicts(table) == [
        ("yes", "yes"),
        ("yes", "undecided"),
        ("no", "no"),
        ("yes", "no"),
        ("undecided", "undecided"),
    ]


def test_more_questions_ask_for_more_evidence() -> None:
    """2.9 standard errors are enough for one row, not for thirty."""
    row = Pairs(830, 0, 0, 100)
    assert verdicts([row])[0][0] == "yes"
    assert {found[0] for found in verdicts([row] * 30)} == {"undecided"}


def test_where_the_interval_ends_decides() -> None:
    """A table of one row and one threshold asks two questions: the verdict is that of the interval at 1 - 0.05."""
    for lost in range(0, 60, 2):
        pairs = Pairs(2000 - lost, 4, lost, 500)
        low, high = interval(pairs, 0.95) or (0.0, 0.0)
        expected = "yes" if low > 0.99 else "no" if high < 0.99 else "undecided"
        assert verdicts([pairs], [0.99]) == [(expected,)]


@cache
def _z(counts: tuple[int, int, int, int], ratio: float) -> float:
    return z_score(Pairs(*counts), ratio)


@pytest.mark.parametrize(("total", "lost"), [(1000, 0.02), (10_000, 0.005), (2000, 0.012)])
@pytest.mark.parametrize("ratio", [0.99, 0.999])
def test_a_true_ratio_at_the_threshold_is_judged_wrongly_as_often_as_promised(
    total: int, lost: float, ratio: float
) -> None:
    """One time in twenty on either side, in 4,000 samples whose true ratio is the threshold: 3.9 to 6.6 %."""
    lost = max(lost, 0.42 * (1 - ratio))
    shares = [0.42 - lost, lost - 0.42 * (1 - ratio), lost, 0.58 - lost + 0.42 * (1 - ratio)]
    drawn = np.random.default_rng(0).multinomial(total, shares, size=4000).tolist()
    scores = np.array([_z(tuple(one), ratio) for one in drawn])
    for wrong in (scores > 1.6449, scores < -1.6449):
        assert 0.035 < wrong.mean() < 0.066
