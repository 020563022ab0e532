"""Retraining's forward pass is the program's, and its gradient is the straight-through one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core.engines import reference
from core.engines.program import Edge
from core.formats import number_format
from core.models.catalog import ARCHITECTURES
from core.quantization.affine import nearest_scales
from core.quantization.calibrators import CALIBRATORS
from core.quantization.fixed_point import nearest_lengths
from core.quantization.graph import Graph, fold, trace
from core.quantization.lower import Quantizers, lower
from core.quantization.simulate import run_float
from core.quantization.statistics import collect
from core.quantization.straight import TrainableGraph, round_through
from tests.quantization.networks import pictures, small


def quantizers_of(graph: Graph, name: str, x: Tensor) -> Quantizers:
    format, ranges = number_format(name), collect(graph, [x])
    if format.kind == "affine":
        return nearest_scales(ranges, CALIBRATORS["mse"])
    return nearest_lengths(graph, ranges, format.weight_bits, format.activation_bits, CALIBRATORS["mse"])


def differing(graph: Graph, name: str, x: Tensor, dtype: torch.dtype) -> tuple[int, int]:
    """Of all integers of all edges: how many differ from the reference engine's, and how many there are."""
    quantizers = quantizers_of(graph, name, x)
    program = lower(graph, quantizers, number_format(name))
    expected = reference.run(program, x)
    with torch.no_grad():
        found = TrainableGraph(graph, quantizers, number_format(name)).to(dtype).values(x.to(dtype))
    assert found.keys() == expected.keys()
    differ, count = 0, 0
    for edge in program.edges.values():
        scale = edge.scale if isinstance(edge.scale, float) else edge.scale.view(1, -1, *(1,) * (len(edge.shape) - 1))
        steps = (found[edge.name].double() / scale + edge.zero_point - expected[edge.name]).abs()
        differ += int((steps > 0.5).sum())
        count += steps.numel()
    return differ, count


@pytest.mark.parametrize("name", ["fixed16", "fixed8", "fixed4", "fixed2", "w4a8", "w8a3"])
def test_fixed_point_gives_the_programs_integers(name: str) -> None:
    assert differing(trace(fold(small()), 16), name, pictures(32), torch.float64)[0] == 0


@pytest.mark.parametrize("name", ["fixed8", "fixed5", "fixed4"])
def test_fp32_gives_them_too_at_few_bits(name: str) -> None:
    """All sums have fewer than 24 bits."""
    assert differing(trace(fold(small()), 16), name, pictures(32), torch.float32)[0] == 0


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_int8_gives_the_programs_integers_but_for_ties(dtype: torch.dtype) -> None:
    differ, count = differing(trace(fold(small()), 16), "int8", pictures(32), dtype)
    assert differ <= count / 10_000


@pytest.mark.parametrize("network", list(ARCHITECTURES))
def test_the_shipped_networks_too(network: str) -> None:
    torch.manual_seed(0)
    graph = trace(fold(ARCHITECTURES[network].builder("compact")()), 64)
    assert differing(graph, "fixed4", pictures(1, 64), torch.float64)[0] == 0


def test_without_quantizers_it_is_the_float_network() -> None:
    graph, x = trace(fold(small()), 16), pictures()
    with torch.no_grad():
        found = TrainableGraph(graph, None, number_format("fp32")).values(x)
    for name, exact in run_float(graph, x).items():
        assert torch.equal(found[name], exact)


def _edge(scale: float, low: int, high: int, zero_point: int = 0) -> Edge:
    return Edge("x", "integer", low, high, scale, zero_point, ())


@pytest.mark.parametrize(
    "edge",
    [_edge(0.25, -8, 7), _edge(0.25, 0, 7), _edge(0.3, 0, 255, 20), _edge(2.0, -128, 127), _edge(0.1, 9, 255, 9)],
)
def test_rounding_by_numpy(edge: Edge) -> None:
    values = np.concatenate([np.random.default_rng(0).normal(0, 2, 1000), np.arange(-40, 40) / 8])
    q = np.clip(np.rint(values / edge.scale) + edge.zero_point, edge.low, edge.high)
    found = round_through(torch.from_numpy(values), edge).numpy()
    np.testing.assert_array_equal(found, (q - edge.zero_point) * edge.scale)


def test_the_gradient_is_that_of_saturation_alone() -> None:
    """By central differences of the same function without its rounding: clamped half a step beyond the last integers."""
    edge, step = _edge(0.25, -8, 7), 1e-6
    values = torch.randn(500, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2
    x = values.clone().requires_grad_()
    coefficients = torch.arange(500, dtype=torch.float64)
    (coefficients * round_through(x, edge)).sum().backward()
    clamped = [(values + sign * step).clamp(-8.5 * 0.25, 7.5 * 0.25) for sign in (1, -1)]
    numeric = coefficients * (clamped[0] - clamped[1]) / (2 * step)
    torch.testing.assert_close(x.grad, numeric, rtol=1e-6, atol=1e-6)
    assert 0 < int((x.grad[1:] == 0).sum()) < 499


@pytest.mark.parametrize("name", ["fixed3", "int8"])
def test_a_layers_gradients_numerically(name: str) -> None:
    """A convolution and its ReLU: central differences where the rounded weights, bias and pictures move freely."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1))
    torch.manual_seed(3)
    graph, x = trace(fold(network), 6), pictures(4, 6)
    trainable = TrainableGraph(graph, quantizers_of(graph, name, x), number_format(name)).double()
    node = graph.weighted[0]
    weight, bias = (value.detach().clone() for value in trainable._on_grid(node))
    trainable(x.double())[0].square().sum().backward()
    with torch.no_grad():
        values = trainable.values(x.double())

    def loss(weight: Tensor, bias: Tensor) -> float:
        """What rounding adds to the edge stays as it is: that is what the straight-through gradient means."""
        exact = F.conv2d(values["input_1"], weight, bias)
        at_start = F.conv2d(values["input_1"], *start).clamp(lowest, highest)
        rounded = exact.clamp(lowest, highest) + values[node.name] - at_start
        return float(rounded.mean(dim=(2, 3)).square().sum())

    start, edge = (weight, bias), trainable.edges[node.name]
    # Just within the kinks, on which sums of so few bits do fall.
    lowest, highest = 1e-5, (edge.high - edge.zero_point + 0.5) * edge.scale - 1e-5
    for index in ((0, 1, 2, 0), (3, 2, 1, 1), (2, 0, 0, 2)):
        moved = torch.zeros_like(weight)
        moved[index] = 1e-6
        numeric = (loss(weight + moved, bias) - loss(weight - moved, bias)) / 2e-6
        assert float(trainable.weights[node.name].grad[index]) == pytest.approx(numeric, rel=1e-4, abs=1e-8)
    moved = torch.tensor([0.0, 1e-6, 0.0, 0.0], dtype=torch.float64)
    numeric = (loss(weight, bias + moved) - loss(weight, bias - moved)) / 2e-6
    assert float(trainable.biases[node.name].grad[1]) == pytest.approx(numeric, rel=1e-4, abs=1e-8)


def test_a_weight_that_saturates_gets_no_gradient() -> None:
    torch.manual_seed(0)
    graph, x = trace(fold(torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1))), 4), pictures(4, 4)
    quantizers = quantizers_of(graph, "fixed4", x)
    trainable = TrainableGraph(graph, quantizers, number_format("fixed4"))
    name = graph.weighted[0].name
    with torch.no_grad():
        trainable.weights[name][0, 0] = 100.0
    trainable(x)[0].sum().backward()
    gradient = trainable.weights[name].grad
    assert float(gradient[0, 0]) == 0 and bool((gradient.flatten()[1:] != 0).all())


def test_its_graph_has_the_weights_as_they_are_now() -> None:
    graph = trace(fold(small()), 16)
    trainable = TrainableGraph(graph, None, number_format("fp32"))
    with torch.no_grad():
        for parameter in trainable.parameters():
            parameter.add_(1)
    found = trainable.graph()
    for parameter in trainable.parameters():
        parameter.detach().zero_()
    for node, before in zip(found.weighted, graph.weighted, strict=True):
        assert torch.equal(node.weight, before.weight + 1)
        assert torch.equal(node.bias, before.bias + 1)
    assert found.outputs == graph.outputs
