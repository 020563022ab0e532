"""Mixed widths: programs like any other, equal to uniform ones where the widths are, and counted layer by layer."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.engines import reference
from core.engines.program import Convolution, Linear, Program, Shift
from core.errors import RequestError
from core.formats import limits, number_format
from core.quantization.calibrators import CALIBRATORS
from core.quantization.fixed_point import Lengths, nearest_lengths
from core.quantization.graph import Graph, fold, trace
from core.quantization.groups import scale_groups
from core.quantization.lower import lower, weight_bytes
from core.quantization.mixed import Mixed, mixed_lengths
from core.quantization.statistics import collect
from core.sweeps.conditions import fingerprint
from tests.engines import loops
from tests.quantization.networks import pictures, small
from tests.quantization.test_lower import check_edges

FIXED8 = number_format("fixed8")
X = pictures(2)


@cache
def graph() -> Graph:
    return trace(fold(small()), 16)


@cache
def lengths(bits: int) -> Lengths:
    return nearest_lengths(graph(), collect(graph(), [pictures()]), bits, bits, CALIBRATORS["mse"])


def program(widths: Mixed) -> Program:
    return lower(graph(), mixed_lengths(graph(), widths, lengths), widths)


LAYERS = [node.name for node in graph().weighted]
GROUPS = sorted(set(scale_groups(graph()).values()))


@st.composite
def assignments(draw: st.DrawFn) -> Mixed:
    bits = st.integers(2, 16)
    weights = draw(st.dictionaries(st.sampled_from(LAYERS), bits))
    return Mixed(FIXED8, weights, draw(st.dictionaries(st.sampled_from(GROUPS), bits, max_size=3)))


@given(assignments())
@settings(max_examples=30)
def test_every_edge_and_weight_stays_within_its_own_width(widths: Mixed) -> None:
    lowered = program(widths)
    values, groups = reference.run(lowered, X), scale_groups(graph())
    for name, edge in lowered.edges.items():
        assert torch.equal(values[name], values[name].round())
        assert edge.low <= values[name].min() and values[name].max() <= edge.high
        if edge.kind == "integer":
            assert edge.high == limits(widths.activations.get(groups[name], 8))[1]
    for operation in lowered.operations:
        if isinstance(operation, Convolution | Linear):
            low, high = limits(widths.weights.get(operation.name, 8))
            assert low <= operation.weight.min() and operation.weight.max() <= high


def test_weights_alone_leave_every_edge_at_the_base() -> None:
    widths = Mixed(FIXED8, {name: 2 + place for place, name in enumerate(LAYERS)})
    check_edges(graph(), program(widths), reference.run(program(widths), X), "fixed8")


def test_a_mixed_layer_is_the_integer_loop() -> None:
    """The first convolution at 3 bits on an 8-bit input, its output at 5 bits: by loops in whole numbers."""
    first = graph().weighted[0]
    group = scale_groups(graph())[first.name]
    lowered = program(Mixed(FIXED8, {first.name: 3}, {group: 5}))
    values = reference.run(lowered, X[:1])
    operation = next(one for one in lowered.operations if one.name == first.name)
    assert isinstance(operation, Convolution) and isinstance(operation.rescale, Shift)
    assert first.weight is not None and first.bias is not None
    scaled = first.weight.double().numpy() * 2.0 ** lengths(3).weights[first.name]
    weight = np.clip(np.rint(scaled), -4, 3).astype(np.int64)
    source = lengths(8).activations[operation.inputs[0]]
    bias = np.rint(first.bias.double().numpy() * 2.0 ** (source + lengths(3).weights[first.name])).astype(np.int64)
    shift = source + lengths(3).weights[first.name] - lengths(5).activations[group]
    total = loops.convolve(
        values[operation.inputs[0]].numpy().astype(np.int64), weight, bias, operation.window, operation.groups
    )
    target = loops.edge(5, relu=True)
    for place in np.ndindex(*total.shape):
        assert values[first.name][place] == loops.round_shift(int(total[place]), shift, target)


@pytest.mark.parametrize(("weights", "activations"), [(8, 8), (4, 8), (2, 8), (8, 5), (16, 16), (6, 6)])
def test_equal_widths_are_the_uniform_program(weights: int, activations: int) -> None:
    name = f"w{weights}a{activations}" if weights != activations else f"fixed{weights}"
    chosen = Lengths(lengths(weights).weights, lengths(activations).activations)
    uniform = lower(graph(), chosen, number_format(name))
    widths = Mixed(FIXED8, dict.fromkeys(LAYERS, weights), dict.fromkeys(GROUPS, activations))
    assert fingerprint(program(widths)) == fingerprint(uniform)
    assert program(widths).weight_bytes == uniform.weight_bytes


def test_each_layer_is_counted_at_its_own_width() -> None:
    """135 weights at 3 bits are 51 bytes, 5 biases 20, a length 1; 10 weights at 8 bits are 10, 2 biases 8, a length 1."""
    two = trace(fold(nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 2, 1))), 8)
    assert weight_bytes(two, Mixed(FIXED8, {two.weighted[0].name: 3})) == (51 + 20 + 1) + (10 + 8 + 1)
    assert weight_bytes(two, Mixed(FIXED8)) == weight_bytes(two, FIXED8)


def test_what_cannot_be_mixed_is_refused() -> None:
    with pytest.raises(RequestError, match="INT8 has one width for all layers."):
        Mixed(number_format("int8"), {"a": 4})
    with pytest.raises(RequestError, match="A layer cannot have 1 bits. Give 2 to 16."):
        Mixed(FIXED8, {"a": 1})
    with pytest.raises(RequestError, match="The network has no layer named 'fire99'."):
        mixed_lengths(graph(), Mixed(FIXED8, {"fire99": 4}), lengths)


def test_the_graph_of_one_output_leaves_the_other_head_out() -> None:
    whole, classes = graph(), graph().leading_to(graph().outputs[0])
    assert set(whole.nodes) - set(classes.nodes) == {whole[whole.outputs[1]]}
    alone = lower(classes, Lengths(lengths(8).weights, lengths(8).activations), FIXED8)
    together = program(Mixed(FIXED8))
    found, expected = reference.run(alone, X), reference.run(together, X)
    assert torch.equal(found[whole.outputs[0]], expected[whole.outputs[0]])
