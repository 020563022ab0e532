"""A program: a network lowered to a flat list of operations on integer tensors. An engine runs it; it knows no network.

Integers are written q, real values are scale * (q - zero point). FIXED-N has zero point 0 and a scale of 2^-FL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from torch import Tensor

Pair = tuple[int, int]

# Float islands: what runs in floating point beside a program's integers, and is said wherever a result is shown.
FLOAT_ISLANDS = {"softmax": "Behind the last layer, in float64, for every format alike."}


@dataclass(frozen=True)
class Edge:
    """What flows between operations: integers in [low, high], with their scale.

    `kind` is `integer` (rounded to the format's bits) or `accumulator` (what the last operation hands out, exact, before any
    rounding; its scale may then be one for each channel). `shape` leaves out the batch.
    """

    name: str
    kind: Literal["integer", "accumulator"]
    low: int
    high: int
    scale: float | Tensor
    zero_point: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Shift:
    """FIXED-N's rescale: accumulator * 2^-bits, round half to even. `bits` may be negative."""

    bits: int


@dataclass(frozen=True)
class Multiply:
    """INT8's rescale: float32(accumulator) * factor, round half to even, plus the output's zero point.

    `factor` is float32, one for each output channel or one for all.
    """

    factor: Tensor


Rescale = Shift | Multiply | None


@dataclass(frozen=True)
class Window:
    """A sliding window's geometry, (height, width) each."""

    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    ceil_mode: bool = False

    @property
    def count(self) -> int:
        """Cells in the window: 3 x 3 has 9."""
        return self.kernel[0] * self.kernel[1]


@dataclass(frozen=True)
class Operation:
    """One step: reads edges `inputs`, writes edge `name`. `layer` is the network's own name for it."""

    name: str
    layer: str
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Quantize(Operation):
    """The program's input: real values to integers, round half to even, saturate."""


@dataclass(frozen=True)
class Weighted(Operation):
    """`weight` [out, ...] is int8 or int16, `bias` [out] int64, at the accumulator's scale."""

    weight: Tensor = field(repr=False)
    bias: Tensor = field(repr=False)

    def largest_sum(self, source: Edge) -> int:
        """What no sum of products and bias exceeds, nor any part of one, on integers of `source` less its zero point.

        Weights 3 and -4 with bias 5, inputs in -8 to 7: 7 * 8 + 5 = 61.
        """
        reach = max(source.high - source.zero_point, source.zero_point - source.low)
        weights, biases = self._magnitudes
        return int((weights * reach + biases).max())

    @cached_property
    def _magnitudes(self) -> tuple[Tensor, Tensor]:
        """Of each output channel, int64 [out]: the sum of its weights' magnitudes, and its bias's magnitude."""
        return self.weight.flatten(1).long().abs().sum(1), self.bias.long().abs()


@dataclass(frozen=True)
class Convolution(Weighted):
    """`weight` is [out, in / groups, h, w]."""

    window: Window
    groups: int
    rescale: Rescale


@dataclass(frozen=True)
class Linear(Weighted):
    """`weight` is [out, in]."""

    rescale: Rescale


@dataclass(frozen=True)
class MaxPool(Operation):
    window: Window


@dataclass(frozen=True)
class AveragePool(Operation):
    """Sum of a window, divided once by its count and the rescale together."""

    window: Window
    rescale: Rescale


@dataclass(frozen=True)
class Concat(Operation):
    """Along the channels. All inputs share the output's scale: it only copies."""


@dataclass(frozen=True)
class Add(Operation):
    """FIXED-N: each side shifted left by `align` into the accumulator, one rounding. INT8: `factors` in float32, one rounding."""

    align: Pair
    factors: tuple[float, float]
    rescale: Rescale


@dataclass(frozen=True)
class Relu(Operation):
    """A ReLU that could not be fused: the larger of q and the zero point."""


@dataclass(frozen=True)
class Flatten(Operation):
    """[n, c, h, w] to [n, c * h * w]: no arithmetic."""


@dataclass(frozen=True)
class Program:
    """Operations in order, the edges they write, and the edges that are the network's outputs."""

    operations: tuple[Operation, ...]
    edges: dict[str, Edge]
    outputs: tuple[str, ...]
    weight_bytes: int
    floats: tuple[str, ...] = tuple(FLOAT_ISLANDS)

    @property
    def held_bytes(self) -> int:
        """Memory of the weights, in the types that hold them, and the biases: a weight of 4 bits takes a byte, a bias 8."""
        weighted = [operation for operation in self.operations if isinstance(operation, Convolution | Linear)]
        return sum(operation.weight.nbytes + operation.bias.nbytes for operation in weighted)
