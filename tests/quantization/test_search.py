"""The greedy search: never worse than its start, and it repairs a bad length."""

from __future__ import annotations

from dataclasses import replace

import torch

from core.engines import reference
from core.formats import number_format
from core.quantization.calibrators import CALIBRATORS
from core.quantization.fixed_point import Lengths, nearest_lengths
from core.quantization.graph import Graph, fold, trace
from core.quantization.lower import lower
from core.quantization.search import cost, fake_quantize, search
from core.quantization.simulate import run_float
from core.quantization.statistics import Statistics, collect
from tests.quantization.networks import pictures, small


def integer_cost(graph: Graph, lengths: Lengths, name: str, x: torch.Tensor) -> float:
    """The search's cost, measured on the integer program instead of the simulation."""
    lowered = lower(graph, lengths, number_format(name))
    exact = run_float(graph, x)
    found = reference.outputs(lowered, reference.run(lowered, x))
    return cost([value.float() for value in found], [exact[name] for name in graph.outputs])


def start(graph: Graph, x: torch.Tensor, bits: int) -> Lengths:
    return nearest_lengths(graph, collect(graph, [x]), bits, bits, CALIBRATORS["mse"])


def test_the_integer_program_comes_closer_to_fp32() -> None:
    x, graph = pictures(64), trace(fold(small()), 16)
    for bits in (4, 5, 8):
        before = start(graph, x, bits)
        after = search(graph, before, number_format(f"fixed{bits}"), x)
        costs = [integer_cost(graph, lengths, f"fixed{bits}", x) for lengths in (before, after)]
        assert costs[1] < costs[0], bits


def test_a_spoiled_length_is_repaired() -> None:
    x, graph = pictures(64), trace(fold(small()), 16)
    good = start(graph, x, 8)
    layer = graph.weighted[1].name
    spoiled = replace(good, weights={**good.weights, layer: good.weights[layer] + 2})
    repaired = search(graph, spoiled, number_format("fixed8"), x)
    assert integer_cost(graph, spoiled, "fixed8", x) > 3 * integer_cost(graph, good, "fixed8", x)
    assert integer_cost(graph, repaired, "fixed8", x) < integer_cost(graph, spoiled, "fixed8", x) / 5


def test_wide_formats_and_spent_budgets_return_the_start() -> None:
    x, graph = pictures(8), trace(fold(small()), 16)
    wide, narrow = start(graph, x, 12), start(graph, x, 5)
    assert search(graph, wide, number_format("fixed12"), x) is wide
    assert search(graph, narrow, number_format("fixed5"), x, budget_s=0) == replace(narrow, complete=False)


def test_a_search_says_whether_it_came_to_its_end() -> None:
    x, graph = pictures(8), trace(fold(small()), 16)
    assert search(graph, start(graph, x, 5), number_format("fixed5"), x).complete
    assert not search(graph, start(graph, x, 5), number_format("fixed5"), x, budget_s=1e-3).complete


def test_progress_runs_from_nothing_to_all() -> None:
    shares: list[float] = []
    x, graph = pictures(4), trace(fold(small()), 16)
    search(graph, start(graph, x, 6), number_format("fixed6"), x, report=shares.append)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_fake_quantize_is_the_grid() -> None:
    values = torch.tensor([0.3, 0.125, 0.375, 9.0, -9.0])
    assert fake_quantize(values, 2, 4).tolist() == [0.25, 0.0, 0.5, 1.75, -2.0]


def test_composed_lengths_take_each_side_from_its_own_width() -> None:
    four, eight = Lengths({"w": 4}, {"a": 40}), Lengths({"w": 8}, {"a": 80})
    statistics = Statistics({}, "none", "f" * 64, {4: four, 8: eight})
    found = statistics.composed(4, 8)
    assert found is not None
    assert (found.weights, found.activations) == ({"w": 4}, {"a": 80})
    assert statistics.composed(4, 5) is None
