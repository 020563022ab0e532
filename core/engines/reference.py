"""The reference engine: integers carried in float64, a few lines for each operation. It is the oracle for every other engine.

float64 holds every integer up to 2^53; a 25,088-term sum of 16 x 16-bit products needs 45 bits. float32 holds every integer up
to 2^24: where no sum of a convolution or linear layer can exceed that, whatever the picture, its sums are made in float32, which
gives the same integers two to six times as fast.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
import torch.nn.functional as F
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
    Weighted,
)

NAME = "reference"
ARITHMETIC = "emulated"
HELD_BY_FLOAT32 = 2**24
# There torch multiplies and adds as written; elsewhere a float32 convolution may go by way of Winograd's transforms, which round.
ADDS_AS_WRITTEN = platform.machine() in ("x86_64", "AMD64")


@torch.inference_mode()
def run(program: Program, x: Tensor, known: Mapping[str, Tensor] = MappingProxyType({})) -> dict[str, Tensor]:
    """Run on real inputs `x` [n, c, h, w]. Returns the integers of every edge by name, as float64 tensors.

    Edges in `known` are not computed but taken over, as they are: see core.engines.shared. On CUDA the
    convolutions avoid cuDNN, whose FFT algorithms are not exact.
    """
    values: dict[str, Tensor] = dict(known)
    with torch.backends.cudnn.flags(enabled=False):
        for operation in program.operations:
            if operation.name in known:
                continue
            inputs = [values[name] for name in operation.inputs] or [x]
            values[operation.name] = step(operation, inputs, program.edges)
    return values


def outputs(program: Program, values: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """The network's outputs as real numbers: integers times their scale, float64."""
    return tuple(real(values[name], program.edges[name]) for name in program.outputs)


def real(q: Tensor, edge: Edge) -> Tensor:
    """scale * (q - zero point): q 53 at scale 2^-6 is 0.828125."""
    scale = edge.scale
    if isinstance(scale, Tensor):
        scale = scale.to(q.device, torch.float64).view(1, -1, *(1,) * (q.ndim - 2))
    return (q - edge.zero_point) * scale


def step(operation: Operation, inputs: list[Tensor], edges: Mapping[str, Edge]) -> Tensor:
    """One operation on the integers of its input edges (float64); the oracle of a single layer."""
    dtype = torch.float32 if _fits_float32(operation, inputs, edges) else torch.float64
    centred = [
        q.to(dtype) - edges[name].zero_point for q, name in zip(inputs, operation.inputs, strict=False)
    ] or inputs
    return _STEPS[type(operation)](operation, centred, edges[operation.name])


def _fits_float32(operation: Operation, inputs: list[Tensor], edges: Mapping[str, Edge]) -> bool:
    if not isinstance(operation, Weighted) or not ADDS_AS_WRITTEN or inputs[0].device.type != "cpu":
        return False
    return operation.largest_sum(edges[operation.inputs[0]]) <= HELD_BY_FLOAT32


def _quantize(_: Any, inputs: list[Tensor], edge: Edge) -> Tensor:
    assert isinstance(edge.scale, float)
    return _saturate(torch.round(inputs[0].double() / edge.scale) + edge.zero_point, edge)


def _convolution(op: Convolution, inputs: list[Tensor], edge: Edge) -> Tensor:
    window = op.window
    weight, bias = op.weight.to(inputs[0]), op.bias.to(inputs[0])
    total = F.conv2d(inputs[0], weight, bias, window.stride, window.padding, window.dilation, op.groups)
    return _finish(total.double(), op.rescale, edge)


def _linear(op: Linear, inputs: list[Tensor], edge: Edge) -> Tensor:
    total = F.linear(inputs[0], op.weight.to(inputs[0]), op.bias.to(inputs[0]))
    return _finish(total.double(), op.rescale, edge)


def _max_pool(op: MaxPool, inputs: list[Tensor], edge: Edge) -> Tensor:
    window = op.window
    best = F.max_pool2d(inputs[0], window.kernel, window.stride, window.padding, window.dilation, window.ceil_mode)
    return best + edge.zero_point


def _average_pool(op: AveragePool, inputs: list[Tensor], edge: Edge) -> Tensor:
    window = op.window
    total = F.avg_pool2d(inputs[0], window.kernel, window.stride, window.padding, divisor_override=1)
    if isinstance(op.rescale, Shift):
        return _saturate(torch.round(total / (window.count * 2.0**op.rescale.bits)), edge)
    return _finish(total, op.rescale, edge)


def _concat(_: Any, inputs: list[Tensor], edge: Edge) -> Tensor:
    return torch.cat(inputs, dim=1) + edge.zero_point


def _add(op: Add, inputs: list[Tensor], edge: Edge) -> Tensor:
    if isinstance(op.rescale, Multiply):
        left, right = (q.float() * factor for q, factor in zip(inputs, op.factors, strict=True))
        return _saturate(torch.round(left + right).double() + edge.zero_point, edge)
    left, right = (q * 2.0**bits for q, bits in zip(inputs, op.align, strict=True))
    return _finish(left + right, op.rescale, edge)


def _relu(_: Any, inputs: list[Tensor], edge: Edge) -> Tensor:
    return inputs[0].clamp(min=0) + edge.zero_point


def _flatten(_: Any, inputs: list[Tensor], edge: Edge) -> Tensor:
    return inputs[0].flatten(1) + edge.zero_point


def _finish(total: Tensor, rescale: Rescale, edge: Edge) -> Tensor:
    """From the accumulator to the output edge: unchanged for an accumulator edge, else rescaled, rounded and saturated."""
    if rescale is None:
        return total
    if isinstance(rescale, Shift):
        return _saturate(torch.round(total * 2.0**-rescale.bits), edge)
    factor = rescale.factor.to(total.device).view(1, -1, *(1,) * (total.ndim - 2))
    return _saturate(torch.round(total.float() * factor).double() + edge.zero_point, edge)


def _saturate(q: Tensor, edge: Edge) -> Tensor:
    return q.clamp(edge.low, edge.high)


_STEPS: dict[type[Operation], Callable[[Any, list[Tensor], Edge], Tensor]] = {
    Quantize: _quantize,
    Convolution: _convolution,
    Linear: _linear,
    MaxPool: _max_pool,
    AveragePool: _average_pool,
    Concat: _concat,
    Add: _add,
    Relu: _relu,
    Flatten: _flatten,
}
