"""Programs: integral at every edge, typed, in range, and close to the float network they came from."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from core.engines import reference
from core.engines.program import Add, AveragePool, Concat, Convolution, Linear, MaxPool, Program, Quantize
from core.errors import LoweringError
from core.formats import number_format
from core.models.catalog import ARCHITECTURES
from core.quantization import affine, fixed_point
from core.quantization.calibrators import CALIBRATORS
from core.quantization.graph import Graph, fold, trace
from core.quantization.lower import lower, weight_bytes
from core.quantization.simulate import run_float
from core.quantization.statistics import collect
from tests.quantization.networks import pictures, small, sqnr

FORMATS = ["fixed16", "fixed8", "fixed6", "w4a8", "fixed2", "int8"]


def program(graph: Graph, x: Tensor, name: str, rule: str = "mse") -> Program:
    format, ranges = number_format(name), collect(graph, [x])
    if format.kind == "affine":
        return lower(graph, affine.nearest_scales(ranges, CALIBRATORS[rule]), format)
    bits = (format.weight_bits, format.activation_bits)
    return lower(graph, fixed_point.nearest_lengths(graph, ranges, *bits, CALIBRATORS[rule]), format)


@pytest.mark.parametrize("name", FORMATS)
def test_every_edge_is_integral_typed_and_in_range(name: str) -> None:
    x, graph = pictures(), trace(fold(small()), 16)
    lowered = program(graph, x, name)
    values = reference.run(lowered, x)
    assert {type(op) for op in lowered.operations} >= {Quantize, Convolution, MaxPool, Concat, Add, AveragePool, Linear}
    assert set(values) == set(lowered.edges) == {node.name for node in graph.nodes}
    for edge in lowered.edges.values():
        q = values[edge.name]
        assert torch.equal(q, q.round())
        assert edge.low <= q.min() and q.max() <= edge.high
        assert (edge.kind == "accumulator") == (edge.name in lowered.outputs)
        assert tuple(q.shape[1:]) == edge.shape
    for operation in lowered.operations:
        if isinstance(operation, Convolution | Linear):
            assert operation.weight.dtype in (torch.int8, torch.int16)
            assert operation.bias.dtype == torch.int64


@pytest.mark.parametrize(("name", "least"), [("fixed16", 60), ("fixed8", 20), ("int8", 25)])
def test_a_program_follows_its_float_network(name: str, least: float) -> None:
    x, network = pictures(32), small()
    graph = trace(fold(network), 16)
    lowered = program(graph, x, name)
    found = reference.outputs(lowered, reference.run(lowered, x))
    with torch.no_grad():
        exact = network(x)
    for one, other in zip(exact, found, strict=True):
        assert sqnr(one, other) > least


def test_more_bits_are_never_much_worse() -> None:
    x, network = pictures(32), small()
    graph = trace(fold(network), 16)
    with torch.no_grad():
        exact = network(x)[0]
    noise = []
    for bits in (2, 4, 6, 8, 10, 12, 16):
        lowered = program(graph, x, f"fixed{bits}")
        noise.append(sqnr(exact, reference.outputs(lowered, reference.run(lowered, x))[0]))
    assert all(finer > coarser + 3 for coarser, finer in pairwise(noise))


def test_copies_share_one_scale() -> None:
    x, graph = pictures(), trace(fold(small()), 16)
    for name in ("fixed8", "int8"):
        lowered = program(graph, x, name)
        for operation in lowered.operations:
            if isinstance(operation, Concat | MaxPool):
                edges = [lowered.edges[edge] for edge in (*operation.inputs, operation.name)]
                assert len({(edge.scale, edge.zero_point) for edge in edges}) == 1


def test_batch_norm_is_folded_and_relu_fused() -> None:
    network, x = small(), pictures()
    folded = fold(network)
    assert not [module for module in folded.modules() if isinstance(module, nn.BatchNorm2d)]
    graph = trace(folded, 16)
    assert [node.layer for node in graph.nodes if node.relu] == ["stem.0", "right.0", "add"]
    values = run_float(graph, x)
    with torch.no_grad():
        for one, name in zip(network(x), graph.outputs, strict=True):
            torch.testing.assert_close(values[name], one, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", list(ARCHITECTURES))
@pytest.mark.parametrize("kind", ["compact", "full"])
def test_all_six_networks_lower_with_no_layer_in_float(name: str, kind: str) -> None:
    if (name, kind) == ("vgg16", "full"):
        pytest.skip("528 MB of random weights: see the slow test")
    check_lowering(ARCHITECTURES[name].builder(kind)(), 64 if kind == "compact" else 224)


@pytest.mark.slow
def test_full_vgg16_lowers() -> None:
    check_lowering(ARCHITECTURES["vgg16"].builder("full")(), 224)


def check_lowering(network: nn.Module, side: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 3, side, side).clamp(-2, 2)
    folded = fold(network)
    graph = trace(folded, side)
    layers = [module for module in folded.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len(graph.weighted) == len(layers) > 15
    lowered = program(graph, x, "fixed16")
    values = reference.run(lowered, x)
    assert all(torch.equal(q, q.round()) for q in values.values())
    with torch.no_grad():
        exact = folded(x)
    exact = exact if isinstance(exact, tuple) else (exact,)
    for one, other in zip(exact, reference.outputs(lowered, values), strict=True):
        assert sqnr(one, other) > 40


def test_what_has_no_integer_form_is_named() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh())
    with pytest.raises(LoweringError, match=r"1 \(Tanh\) has no integer form"):
        trace(fold(network), 16)
    with pytest.raises(LoweringError, match="windows of unequal size"):
        trace(fold(nn.Sequential(nn.Conv2d(3, 4, 1), nn.AdaptiveAvgPool2d(3))), 16)


def test_weight_bytes_counts_packed_bits() -> None:
    """A 3 x 3 convolution from 3 to 5 channels: 135 weights and 5 biases."""
    graph = trace(fold(nn.Sequential(nn.Conv2d(3, 5, 3))), 8)
    expected = {"fp32": 560, "fp16": 280, "fixed16": 290, "fixed8": 155, "int8": 155, "w4a8": 88, "fixed2": 54}
    assert {name: weight_bytes(graph, number_format(name)) for name in expected} == expected
