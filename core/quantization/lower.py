"""Lower a graph to a program: every edge an integer type and a scale, every rounding in its place."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from core.engines.program import (
    Add,
    AveragePool,
    Concat,
    Convolution,
    Edge,
    Flatten,
    Linear,
    MaxPool,
    Multiply,
    Operation,
    Program,
    Quantize,
    Relu,
    Rescale,
    Shift,
)
from core.errors import LoweringError
from core.formats import NumberFormat, limits
from core.quantization import affine, fixed_point
from core.quantization.affine import Scale
from core.quantization.fixed_point import Lengths
from core.quantization.graph import Graph, Node
from core.quantization.groups import accumulators, scale_groups
from core.quantization.mixed import Mixed

Quantizers = Lengths | Mapping[str, Scale]
BIAS_BYTES, WIDE_BIAS_BYTES, SCALE_BYTES, LENGTH_BYTES = 4, 8, 4, 1


class Scheme(Protocol):
    """What differs between FIXED-N and INT8: types, weights, rescales, and the largest |sum| an accumulator holds."""

    @property
    def widest(self) -> int: ...
    def integer(self, node: Node, group: str, signed: bool) -> Edge: ...
    def weights(self, node: Node, source: Edge) -> tuple[Tensor, Tensor, float | Tensor]: ...
    def rescale(self, total: float | Tensor, target: Edge) -> Rescale: ...


@dataclass(frozen=True)
class FixedScheme:
    """Sums are exact in float64's 53 bits."""

    lengths: Lengths
    widths: Mixed
    widest: ClassVar[int] = 2**53

    def integer(self, node: Node, group: str, signed: bool) -> Edge:
        low, high = limits(self.widths.activation_bits_of(group))
        scale = 2.0 ** -self.lengths.activations[group]
        return Edge(node.name, "integer", low if signed else 0, high, scale, 0, node.shape)

    def weights(self, node: Node, source: Edge) -> tuple[Tensor, Tensor, float | Tensor]:
        """Integers of weight and bias, and the accumulator's scale."""
        weight, bias = _parameters(node)
        length = self.lengths.weights[node.name]
        total = _number(source.scale) * 2.0**-length
        return (
            fixed_point.round_weights(weight, length, self.widths.weight_bits_of(node.name)),
            torch.round(bias.double() / total),
            total,
        )

    def rescale(self, total: float | Tensor, target: Edge) -> Rescale:
        """The shift from the accumulator's scale to the edge's: 2^-13 to 2^-6 is 7."""
        return Shift(round(math.log2(_number(target.scale) / _number(total))))


@dataclass(frozen=True)
class AffineScheme:
    """Sums are int32, as processors hold them."""

    scales: Mapping[str, Scale]
    widest: ClassVar[int] = 2**31 - 1

    def integer(self, node: Node, group: str, signed: bool) -> Edge:
        chosen = self.scales[group]
        low = affine.LOW if signed else chosen.zero_point
        return Edge(node.name, "integer", low, affine.HIGH, chosen.scale, chosen.zero_point, node.shape)

    def weights(self, node: Node, source: Edge) -> tuple[Tensor, Tensor, float | Tensor]:
        weight, bias = _parameters(node)
        scales = affine.weight_scales(weight, bias, _number(source.scale))
        total = scales * _number(source.scale)
        return affine.round_weights(weight, scales), torch.round(bias.double() / total), total

    def rescale(self, total: float | Tensor, target: Edge) -> Rescale:
        factor = torch.as_tensor(total, dtype=torch.float64).reshape(-1) / _number(target.scale)
        return Multiply(factor.float())


def scheme_of(quantizers: Quantizers, format: NumberFormat | Mixed) -> Scheme:
    return FixedScheme(quantizers, _widths(format)) if isinstance(quantizers, Lengths) else AffineScheme(quantizers)


def _widths(format: NumberFormat | Mixed) -> Mixed:
    return format if isinstance(format, Mixed) else Mixed(format)


def lower(graph: Graph, quantizers: Quantizers, format: NumberFormat | Mixed) -> Program:
    """The program of `graph` in FIXED-N, of one width or mixed (given Lengths), or INT8 (given each group's Scale)."""
    lowering = _Lowering(graph, scheme_of(quantizers, format))
    for node in graph.nodes:
        lowering.visit(node)
    size = weight_bytes(graph, format, _wide_biases(lowering.operations))
    return Program(tuple(lowering.operations), lowering.edges, graph.outputs, size)


def weight_bytes(graph: Graph, format: NumberFormat | Mixed, wide: Collection[str] = ()) -> int:
    """What a file or a processor needs for the weights and for what belongs to them.

    Weights at the format's bits, or at each layer's own, packed, rounded up layer by layer; biases at 4 bytes, at 8 in the
    layers named in `wide`, whose integers need more than 32 bits, or at the float format's own. INT8 adds 4 bytes (float32)
    for each output channel's scale, FIXED-N one byte for each layer's fractional length. A 3 x 3 convolution from 3 to 5
    channels has 135 weights and 5 biases: 156 bytes in FIXED-8, 175 in INT8.
    """
    return sum(_layer_bytes(node, _widths(format), node.name in wide) for node in graph.weighted)


def _layer_bytes(node: Node, widths: Mixed, wide: bool) -> int:
    weight, bias = _parameters(node)
    format = widths.base
    packed = math.ceil(weight.numel() * widths.weight_bits_of(node.name) / 8)
    if format.kind == "float":
        return packed + math.ceil(bias.numel() * format.weight_bytes)
    scales = SCALE_BYTES * len(weight) if format.kind == "affine" else LENGTH_BYTES
    return packed + (WIDE_BIAS_BYTES if wide else BIAS_BYTES) * bias.numel() + scales


def _wide_biases(operations: Iterable[Operation]) -> frozenset[str]:
    """The layers with a bias that int32 cannot hold: in FIXED-16, 0.5 beside inputs of FL 13 and weights of FL 20 is 2^32."""
    weighted = [operation for operation in operations if isinstance(operation, Convolution | Linear)]
    return frozenset(
        one.name for one in weighted if not torch.equal(one.bias, one.bias.to(torch.int32).to(torch.int64))
    )


class _Lowering:
    """The operations and edges so far."""

    def __init__(self, graph: Graph, scheme: Scheme) -> None:
        self.graph, self.scheme = graph, scheme
        self.groups, self.wide = scale_groups(graph), accumulators(graph)
        self.operations: list[Operation] = []
        self.edges: dict[str, Edge] = {}

    def visit(self, node: Node) -> None:
        sources = [self.edges[name] for name in node.inputs]
        build = {
            "conv2d": self._weighted,
            "linear": self._weighted,
            "average_pool": self._average_pool,
            "add": self._add,
        }.get(node.kind, self._copy)
        build(node, sources)

    def _copy(self, node: Node, sources: list[Edge]) -> None:
        """Input, concat, max-pool, ReLU, flatten: nothing is rescaled."""
        signed = node.kind != "relu" and (not sources or any(source.low < source.zero_point for source in sources))
        edge = self._flattened(node, sources[0]) if node.name in self.wide else self._integer(node, signed)
        self._append(_copying(node), edge)

    def _weighted(self, node: Node, sources: list[Edge]) -> None:
        weight, bias, total = self.scheme.weights(node, sources[0])
        edge = self._target(node, total, self._bound(weight, bias, sources[0], node))
        rescale = self._rescale(total, edge)
        weight, bias = _packed(weight), bias.to(torch.int64)
        name = (node.name, node.layer, node.inputs)
        if node.kind == "conv2d":
            self._append(Convolution(*name, weight, bias, node.window, node.groups, rescale), edge)
        else:
            self._append(Linear(*name, weight, bias, rescale), edge)

    def _average_pool(self, node: Node, sources: list[Edge]) -> None:
        source, count = sources[0], node.window.count
        largest = count * max(abs(source.low - source.zero_point), abs(source.high - source.zero_point))
        signed = source.low < source.zero_point
        edge = self._target(node, _number(source.scale) / count, largest, signed)
        # FIXED-N divides by count * 2^shift at once, so its shift is that of the sum.
        fixed = isinstance(self.scheme, FixedScheme)
        rescale = self._rescale(_number(source.scale) / (1 if fixed else count), edge)
        self._append(AveragePool(node.name, node.layer, node.inputs, node.window, rescale), edge)

    def _add(self, node: Node, sources: list[Edge]) -> None:
        edge = self._integer(node, signed=not node.relu)
        scales = [_number(source.scale) for source in sources]
        finest = min(scales)
        align = tuple(max(0, round(math.log2(scale / finest))) for scale in scales)
        ratio = [float(torch.tensor(scale / _number(edge.scale), dtype=torch.float32)) for scale in scales]
        rescale = self._rescale(finest, edge)
        self._append(Add(node.name, node.layer, node.inputs, (align[0], align[1]), (ratio[0], ratio[1]), rescale), edge)

    def _target(self, node: Node, total: float | Tensor, largest: int, signed: bool = True) -> Edge:
        """An integer edge, or the accumulator itself where the node is a last operation."""
        if node.name not in self.wide:
            return self._integer(node, signed and not node.relu)
        return Edge(node.name, "accumulator", -largest, largest, total, 0, node.shape)

    def _bound(self, weight: Tensor, bias: Tensor, source: Edge, node: Node) -> int:
        """The largest |accumulator| that any input can cause: sum |w| times the largest |q - zero point|, plus |bias|."""
        reach = max(abs(source.low - source.zero_point), abs(source.high - source.zero_point))
        largest = int((weight.abs().flatten(1).sum(dim=1) * reach + bias.abs()).max())
        if largest > self.scheme.widest:
            bits = self.scheme.widest.bit_length()
            raise LoweringError(f"The sums of {node.layer} need more than {bits} bits.", "Use another format.")
        return largest

    def _integer(self, node: Node, signed: bool) -> Edge:
        return self.scheme.integer(node, self.groups[node.name], signed)

    def _rescale(self, total: float | Tensor, edge: Edge) -> Rescale:
        return None if edge.kind == "accumulator" else self.scheme.rescale(total, edge)

    def _flattened(self, node: Node, source: Edge) -> Edge:
        """An accumulator behind a flatten: a scale for each channel is repeated for each of its positions."""
        scale = source.scale
        if isinstance(scale, Tensor) and len(source.shape) > 1:
            scale = scale.repeat_interleave(math.prod(source.shape[1:]))
        return Edge(node.name, "accumulator", source.low, source.high, scale, 0, node.shape)

    def _append(self, operation: Operation, edge: Edge) -> None:
        self.operations.append(operation)
        self.edges[operation.name] = edge


def _copying(node: Node) -> Operation:
    name = (node.name, node.layer, node.inputs)
    if node.kind == "max_pool":
        return MaxPool(*name, node.window)
    kinds: dict[str, type[Operation]] = {"input": Quantize, "concat": Concat, "relu": Relu, "flatten": Flatten}
    return kinds[node.kind](*name)


def _parameters(node: Node) -> tuple[Tensor, Tensor]:
    if node.weight is None or node.bias is None:
        raise LoweringError(f"{node.layer} has no weights.", "This is a fault of the tracing; please report it.")
    return node.weight, node.bias


def _number(scale: float | Tensor) -> float:
    if isinstance(scale, Tensor):
        raise LoweringError("A scale for each channel reached an operation that takes one.", "Please report it.")
    return scale


def _packed(weight: Tensor) -> Tensor:
    """float64 integers in the smallest signed type that holds them: -128 to 127 becomes int8, wider int16."""
    info = torch.iinfo(torch.int8)
    narrow = bool(weight.numel() == 0 or (weight.min() >= info.min and weight.max() <= info.max))
    return weight.to(torch.int8 if narrow else torch.int16)
