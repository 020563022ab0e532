"""Programs: integral at every edge, typed, in range, and close to the float network they came from."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.engines import reference
from core.engines.program import Add, AveragePool, Concat, Convolution, Flatten, Linear, MaxPool, Program, Quantize
from core.errors import LoweringError
from core.formats import number_format
from core.models.catalog import ARCHITECTURES
from core.quantization import affine, fixed_point
from core.quantization.calibrators import CALIBRATORS
from core.quantization.fixed_point import Lengths
from core.quantization.graph import Graph, fold, trace
from core.quantization.groups import scale_groups
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
    assert {type(op) for op in lowered.operations} >= {Quantize, Convolution, MaxPool, Concat, Add, AveragePool, Linear}
    check_edges(graph, lowered, reference.run(lowered, x), name)


def check_edges(graph: Graph, lowered: Program, values: dict[str, Tensor], name: str) -> None:
    """Every value of every edge is a whole number within its edge's bounds, and those within the format's or the sums'."""
    low, high = number_format(name).range
    widest = 2**31 - 1 if number_format(name).kind == "affine" else 2**53
    assert set(values) == set(lowered.edges) == {node.name for node in graph.nodes}  # none is a float island
    for edge in lowered.edges.values():
        q = values[edge.name]
        assert torch.equal(q, q.round())
        assert edge.low <= q.min() and q.max() <= edge.high
        assert edge.kind == ("accumulator" if edge.name in last_edges(lowered) else "integer")
        assert -widest <= edge.low and edge.high <= widest
        assert edge.kind == "accumulator" or low <= edge.low <= edge.zero_point <= edge.high == high
        assert tuple(q.shape[1:]) == edge.shape
    for operation in lowered.operations:
        if isinstance(operation, Convolution | Linear):
            assert operation.weight.dtype in (torch.int8, torch.int16)
            assert operation.bias.dtype == torch.int64


def last_edges(lowered: Program) -> set[str]:
    """The outputs, and what only has to be flattened to be one."""
    found = set(lowered.outputs)
    for operation in reversed(lowered.operations):
        if isinstance(operation, Flatten) and operation.name in found:
            found.update(operation.inputs)
    return found


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


# Of random weights, in dB at the outputs.
LEAST = {"fixed16": 64, "fixed8": 20, "int8": 25}  # of 16 bits one is headroom, which costs 6 dB


@pytest.mark.parametrize("name", list(ARCHITECTURES))
@pytest.mark.parametrize("kind", ["compact", "full"])
def test_all_six_networks_lower_with_no_layer_in_float(name: str, kind: str) -> None:
    if (name, kind) == ("vgg16", "full"):
        pytest.skip("528 MB of random weights: see the slow test")
    check_lowering(name, kind)


@pytest.mark.slow
def test_full_vgg16_lowers() -> None:
    check_lowering("vgg16", "full")


def check_lowering(name: str, kind: str) -> None:
    """In FIXED-16, FIXED-8 and INT8, on one random picture."""
    torch.manual_seed(0)
    side = 64 if kind == "compact" else 224
    folded = fold(ARCHITECTURES[name].builder(kind)())
    x, graph = torch.randn(1, 3, side, side).clamp(-2, 2), trace(folded, side)
    layers = [module for module in folded.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len(graph.weighted) == len(layers) > 15
    with torch.no_grad():
        exact = folded(x)
    exact = exact if isinstance(exact, tuple) else (exact,)
    for format, least in LEAST.items():
        lowered = program(graph, x, format)
        values = reference.run(lowered, x)
        check_edges(graph, lowered, values, format)
        for one, other in zip(exact, reference.outputs(lowered, values), strict=True):
            assert sqnr(one, other) > least


def test_what_has_no_integer_form_is_named() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh())
    with pytest.raises(LoweringError, match=r"1 \(Tanh\) has no integer form"):
        trace(fold(network), 16)
    with pytest.raises(LoweringError, match="windows of unequal size"):
        trace(fold(nn.Sequential(nn.Conv2d(3, 4, 1), nn.AdaptiveAvgPool2d(3))), 16)


class Joined(nn.Module):
    """Two convolutions whose outputs a function joins."""

    def __init__(self, join: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.one, self.other, self.join = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1), join

    def forward(self, x: Tensor) -> Tensor:
        return self.join(self.one(x), self.other(x))


@pytest.mark.parametrize(
    ("join", "says"),
    [
        (lambda one, other: one + 1.5, "add adds something else"),
        (lambda one, other: torch.add(one, other, alpha=2), "add adds something else"),
        (lambda one, other: one + torch.flatten(one, 2).mean(), "flatten flattens dimensions 2 to -1"),
        (lambda one, other: one + other.mean(), r"mean \(mean\) has no integer form"),
        (lambda one, other: torch.flatten(one), "flatten flattens dimensions 0 to -1"),
        (lambda one, other: torch.flatten(one, 1, 2), "flatten flattens dimensions 1 to 2"),
        (lambda one, other: torch.flatten(one, start_dim=2), "flatten flattens dimensions 2 to -1"),
        (lambda one, other: torch.cat([one, other], 2), "cat joins along dimension 2"),
    ],
)
def test_what_would_be_lowered_wrongly_is_refused(join: Callable[[Tensor, Tensor], Tensor], says: str) -> None:
    with pytest.raises(LoweringError, match=says):
        trace(fold(Joined(join)), 8)


@pytest.mark.parametrize("join", [torch.add, lambda one, other: torch.flatten(one + other, 1, 3)])
def test_what_looks_alike_and_is_right_is_lowered(join: Callable[[Tensor, Tensor], Tensor]) -> None:
    x, network = pictures(4), Joined(join)
    graph = trace(fold(network), 16)
    lowered = program(graph, x, "fixed16")
    with torch.no_grad():
        exact = network(x)
    assert sqnr(exact, reference.outputs(lowered, reference.run(lowered, x))[0]) > 60


def test_int8_sums_fit_in_int32() -> None:
    """Tiny weights beside a large bias: at the weights' own scale the bias would need 45 bits. By hand in int64."""
    network = nn.Sequential(nn.Conv2d(3, 2, 1))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1e-12, -2e-12, 0.0], [0.5, -0.25, 0.125]]).view(2, 3, 1, 1))
        network[0].bias.copy_(torch.tensor([0.75, 0.1]))
    x, graph = pictures(4), trace(fold(network), 16)
    lowered = program(graph, x, "int8")
    source, convolution = lowered.operations
    assert isinstance(convolution, Convolution)
    assert convolution.bias.abs().max() <= 2**30
    q = reference.run(lowered, x)
    integers = q[source.name].to(torch.int64).numpy() - lowered.edges[source.name].zero_point
    sums = np.einsum("oi,nihw->nohw", convolution.weight.to(torch.int64).numpy()[:, :, 0, 0], integers)
    sums += convolution.bias.numpy()[None, :, None, None]
    assert np.abs(sums).max() < 2**31
    assert np.array_equal(sums, q[convolution.name].numpy().astype(np.int64))
    found = reference.outputs(lowered, q)[0]
    assert found[:, 0].sub(0.75).abs().max() < 1e-6


def test_int8_sums_that_cannot_fit_are_refused() -> None:
    """66,000 weights of 127 times inputs up to 255 reach 2^31."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 160 * 160, 1))
    nn.init.constant_(network[1].weight, 1.0)
    graph = trace(fold(network), 160)
    with pytest.raises(LoweringError, match="The sums of 1 need more than 31 bits"):
        program(graph, torch.rand(1, 3, 160, 160), "int8")


def test_weight_bytes_counts_packed_bits() -> None:
    """A 3 x 3 convolution from 3 to 5 channels: 135 weights and 5 biases; one fractional length, or 5 scales in float32."""
    graph = trace(fold(nn.Sequential(nn.Conv2d(3, 5, 3))), 8)
    expected = {"fp32": 560, "fp16": 280, "fixed16": 291, "fixed8": 156, "int8": 175, "w4a8": 89, "fixed2": 55}
    assert {name: weight_bytes(graph, number_format(name)) for name in expected} == expected


@pytest.mark.parametrize(("bias", "each"), [(0.25, 4), (-0.5, 4), (0.5, 8), (-0.75, 8)])
def test_a_bias_beyond_int32_counts_8_bytes(bias: float, each: int) -> None:
    """Inputs of FL 12 and weights of FL 20: a bias of 0.5 is 2^31, one too many. Each layer is counted by its own."""
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.Conv2d(2, 4, 1))
    with torch.no_grad():
        for layer, value in ((network[0], bias), (network[2], 0.1)):
            layer.weight.fill_(0.01)
            layer.bias.copy_(torch.tensor([value, *[0.0] * (len(layer.bias) - 1)]))
    graph = trace(fold(network), 8)
    groups = set(scale_groups(graph).values())
    lengths = Lengths({node.name: 20 for node in graph.weighted}, dict.fromkeys(groups, 12))
    assert lower(graph, lengths, number_format("fixed16")).weight_bytes == (12 + 2 * each + 1) + (16 + 4 * 4 + 1)
