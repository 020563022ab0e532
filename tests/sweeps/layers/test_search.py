"""The greedy search against the full one on costs made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sweeps.layers.records import Step
from core.sweeps.layers.search import Bits, greedy, thinned


class Costs:
    """Each layer costs its factor times 4^(8 - bits), whole numbers that add up; half of the answers are lost at 200,000.

    `measured` are the assignments asked for, once each.
    """

    def __init__(self, factors: Sequence[int], weights: Sequence[int]) -> None:
        self.factors, self.weights, self.measured = factors, weights, dict[Bits, Step]()

    def __call__(self, bits: Bits, at: Bits) -> Step:
        assert sum(one != other for one, other in zip(bits, at, strict=True)) <= 1
        if bits not in self.measured:
            cost = float(sum(factor * 4 ** (8 - one) for factor, one in zip(self.factors, bits, strict=True)))
            size = sum(one * count for one, count in zip(bits, self.weights, strict=True)) // 8
            self.measured[bits] = Step(bits, size, cost, 100 - cost / 4000)
        return self.measured[bits]


def full(start: Bits, costs: Costs) -> list[Bits]:
    """Every layer's price at every step, and the least of them: what the lazy search must find."""
    found = [start]
    while min(costs(found[-1], found[-1]).agreement, 100) >= 50:
        here = found[-1]
        tries = [(*here[:i], here[i] - 1, *here[i + 1 :]) for i in range(len(here)) if here[i] > 2]
        if not tries:
            return found
        now = costs(here, here).divergence
        changed = [next(i for i in range(len(here)) if one[i] != here[i]) for one in tries]
        prices = [
            ((costs(one, here).divergence - now) * 8 / costs.weights[layer], layer)
            for one, layer in zip(tries, changed, strict=True)
        ]
        found.append(tries[prices.index(min(prices))])
    return found[:-1]


LAYERS = st.lists(st.tuples(st.integers(1, 90), st.integers(8, 4000)), min_size=1, max_size=5)


@given(LAYERS)
def test_the_lazy_search_finds_what_the_full_one_finds(layers: list[tuple[int, int]]) -> None:
    factors, weights = [one for one, _ in layers], [count for _, count in layers]
    start = (8,) * len(layers)
    found = [step.bits for step in greedy(start, weights, Costs(factors, weights))]
    assert found == full(start, Costs(factors, weights))


def test_it_measures_far_less_than_the_full_search() -> None:
    factors, weights = [1 + place for place in range(20)], [1000] * 20
    lazy, whole = Costs(factors, weights), Costs(factors, weights)
    assert [step.bits for step in greedy((8,) * 20, weights, lazy)] == full((8,) * 20, whole)
    assert len(lazy.measured) * 3 < len(whole.measured)


def test_a_price_that_has_risen_is_measured_anew() -> None:
    """Layer 1 is cheap until layer 0 has 7 bits: then it costs more than layer 0's next bit."""

    def measure(bits: Bits, at: Bits) -> Step:
        cost = 0.01 * (8 - bits[0]) + (0.011 if bits[0] == 8 else 0.5) * (8 - bits[1])
        return Step(bits, sum(bits), cost, 100.0)

    steps = [step.bits for step in greedy((8, 8), [8, 8], measure)]
    assert steps[:3] == [(8, 8), (7, 8), (6, 8)]


def test_it_ends_before_the_answers_are_worthless() -> None:
    costs = Costs([30, 31], [100, 100])
    steps = list(greedy((8, 8), [100, 100], costs))
    assert all(step.agreement >= 50 for step in steps)
    assert steps[-1].bits != (2, 2)
    assert any(step.agreement < 50 for step in costs.measured.values())


def test_without_any_cost_all_layers_end_at_2_bits() -> None:
    assert list(greedy((8, 3), [10, 10], Costs([0, 0], [10, 10])))[-1].bits == (2, 2)
    assert len(list(greedy((2, 2), [10, 10], Costs([0, 0], [10, 10])))) == 1


def _path(*costs: float) -> list[Step]:
    return [Step((8 - place,), 1000 - 10 * place, cost, 100.0) for place, cost in enumerate(costs)]


def test_what_a_smaller_step_beats_is_left_out() -> None:
    assert [step.bits for step in thinned(_path(0.0, 0.1, 0.3, 0.2, 0.4))] == [(7,), (5,), (4,)]


@pytest.mark.parametrize("most", [2, 5])
def test_many_steps_are_thinned_evenly_in_memory(most: int) -> None:
    path = _path(*(place / 100 for place in range(42)))
    found = thinned(path, most)
    assert len(found) == most and found[0] == path[1] and found[-1] == path[-1]
    gaps = [one.weight_bytes - other.weight_bytes for one, other in pairwise(found)]
    assert max(gaps) - min(gaps) <= 10


def test_no_steps() -> None:
    assert thinned(_path(0.0)) == []
