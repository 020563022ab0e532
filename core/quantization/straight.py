"""The quantized forward pass in floating point, with gradients: what retraining trains.

The straight-through gradient (Bengio, Léonard and Courville 2013): rounding counts as the identity, and a value that saturates
passes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from core.engines.program import Edge
from core.formats import NumberFormat
from core.quantization import simulate
from core.quantization.graph import Graph, Node
from core.quantization.groups import COPYING
from core.quantization.lower import Quantizers, lower, scheme_of


class TrainableGraph(nn.Module):
    """A graph with its weights and biases as parameters, whose forward pass rounds wherever the program of `format` does.

    In evaluation it gives the program's integers times their scales, to the rounding of the parameters' float type; ties of
    INT8's rescale apart, none of them in float64 with power-of-two scales. Without `quantizers` nothing is rounded: FP32.
    Pictures go in as [n, 3, side, side], preprocessed; out come the network's outputs as real numbers.
    """

    def __init__(self, graph: Graph, quantizers: Quantizers | None, format: NumberFormat) -> None:
        super().__init__()
        self.source = graph
        self.weights = nn.ParameterDict({node.name: _copied(node.weight) for node in graph.weighted})
        self.biases = nn.ParameterDict({node.name: _copied(node.bias) for node in graph.weighted})
        self.scheme = None if quantizers is None else scheme_of(quantizers, format)
        # Scales and limits depend on the quantizers alone, which stay while the weights change.
        self.edges = {} if quantizers is None else lower(graph, quantizers, format).edges

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        values = self.values(x)
        return tuple(values[name] for name in self.source.outputs)

    def values(self, x: Tensor) -> dict[str, Tensor]:
        """Every edge's value by name."""
        values: dict[str, Tensor] = {}
        for node in self.source.nodes:
            values[node.name] = self._value(node, [values[name] for name in node.inputs] or [x])
        return values

    def graph(self) -> Graph:
        """The graph with the weights as they are now, in copies of their own."""
        return replace(self.source, nodes=tuple(self._current(node, clone=True) for node in self.source.nodes))

    def _value(self, node: Node, inputs: list[Tensor]) -> Tensor:
        if node.name not in self.weights:
            return self._rounded(node, simulate.forward(node, inputs))
        weight, bias = self.weights[node.name], self.biases[node.name]
        if self.scheme is not None:
            weight, bias = self._on_grid(node)
        return self._rounded(node, simulate.forward(node, inputs, weight, bias))

    def _rounded(self, node: Node, value: Tensor) -> Tensor:
        edge = self.edges.get(node.name)
        if edge is None or edge.kind == "accumulator" or node.kind in COPYING:
            return value
        return round_through(value, edge)

    def _on_grid(self, node: Node) -> tuple[Tensor, Tensor]:
        """Weight and bias on the grids that the lowering would give them now."""
        assert self.scheme is not None
        source = self.edges[node.inputs[0]]
        assert isinstance(source.scale, float)
        q, q_bias, total = self.scheme.weights(self._current(node), source)
        return (
            _through(self.weights[node.name], q, total / source.scale),
            _through(self.biases[node.name], q_bias, total),
        )

    def _current(self, node: Node, clone: bool = False) -> Node:
        if node.name not in self.weights:
            return node
        weight, bias = self.weights[node.name].detach(), self.biases[node.name].detach()
        return replace(node, weight=weight.clone() if clone else weight, bias=bias.clone() if clone else bias)


def round_through(x: Tensor, edge: Edge) -> Tensor:
    """`x` rounded half to even and saturated as the program does it at `edge`, with the straight-through gradient.

    The gradient is 1 where round(x / scale) lies within the edge's limits, else 0. At scale 0.25 in -8..7, 0.3 becomes 0.25;
    2.0 becomes 1.75 and passes no gradient.
    """
    low, high = edge.low - edge.zero_point, edge.high - edge.zero_point
    q = torch.round(x.detach() / edge.scale)
    inside = (q >= low) & (q <= high)
    return _replaced(x, q.clamp_(low, high).mul_(edge.scale), inside)


def _through(x: Tensor, q: Tensor, scale: float | Tensor) -> Tensor:
    """q * scale with the straight-through gradient to `x`: what is more than half a step from its integer has saturated."""
    if isinstance(scale, Tensor):
        scale = scale.view(-1, *(1,) * (x.ndim - 1))
    return _replaced(x, (q * scale).to(x), (x.detach().double() / scale - q).abs() <= 0.5)


class _Replaced(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Tensor, inside: Tensor) -> Tensor:
        ctx.save_for_backward(inside)
        return value

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (inside,) = ctx.saved_tensors
        return gradients[0] * inside, None, None


def _replaced(x: Tensor, value: Tensor, inside: Tensor) -> Tensor:
    """`value`, for whose gradient to `x` it counts as `x` itself where `inside` is true."""
    result: Tensor = _Replaced.apply(x, value, inside)
    return result


def _copied(tensor: Tensor | None) -> nn.Parameter:
    assert tensor is not None
    return nn.Parameter(tensor.detach().clone())
