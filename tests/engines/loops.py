"""Direct loops in numpy, scalar by scalar: what each operation is, written without any engine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.engines import reference
from core.engines.program import Edge, Window

Ints = NDArray[np.int64]
Singles = NDArray[np.float32]
SEEDS = st.integers(0, 2**32 - 1)
BITS = st.sampled_from([2, 4, 8, 16])


def edge(bits: int, scale: float = 1.0, relu: bool = False, kind: str = "integer") -> Edge:
    """FIXED-N's: 8 bits hold -128 to 127, behind a ReLU 0 to 127."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return Edge("y", kind, 0 if relu else low, high, scale, 0, ())  # type: ignore[arg-type]


def affine_edge(zero: int = 0, relu: bool = False) -> Edge:
    """INT8's: 0 to 255, behind a ReLU from the zero point on."""
    return Edge("y", "integer", zero if relu else 0, 255, 0.1, zero, ())


def integers(rng: np.random.Generator, low: int, high: int, *shape: int) -> Ints:
    """Random integers in [low, high], with both ends and 0 far more often than chance."""
    values = rng.integers(low, high + 1, shape)
    return np.where(rng.random(shape) < 0.2, rng.choice([low, high, max(low, 0)], shape), values)


def signed(rng: np.random.Generator, bits: int, *shape: int) -> Ints:
    """N-bit integers: 8 bits give -128 to 127."""
    return integers(rng, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1, *shape)


def round_shift(total: int, bits: int, target: Edge) -> int:
    """total * 2^-bits, half to even, saturated: in whole numbers only. 5 * 2^-1 is 2, 7 * 2^-1 is 4."""
    return divided(total, 1 << bits, target) if bits > 0 else divided(total << -bits, 1, target)


def divided(top: int, bottom: int, target: Edge) -> int:
    """top / bottom, half to even, saturated: in whole numbers only."""
    quotient, remainder = divmod(top, bottom)
    if 2 * remainder > bottom or (2 * remainder == bottom and quotient % 2 == 1):
        quotient += 1
    return min(max(quotient, target.low), target.high)


def landed(value: np.float32, target: Edge) -> int:
    """INT8: a float32, half to even, plus the zero point, saturated. 2.5 at zero point 7 is 9."""
    assert value.dtype == np.float32
    return min(max(int(np.rint(value)) + target.zero_point, target.low), target.high)


def convolve(x: Ints, w: Ints, b: Ints, window: Window, groups: int, zero: int = 0) -> Ints:
    """Six nested loops over q - zero point; what lies outside the picture is the zero point."""
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = window.kernel, window.stride, window.padding, window.dilation
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=zero)
    rows = (padded.shape[2] - dh * (kh - 1) - 1) // sh + 1
    columns = (padded.shape[3] - dw * (kw - 1) - 1) // sw + 1
    y = np.zeros((len(x), len(w), rows, columns), np.int64)
    inside, outside = x.shape[1] // groups, len(w) // groups
    for n, o, i, j in np.ndindex(*y.shape):
        total = int(b[o])
        for c, u, v in np.ndindex(inside, kh, kw):
            channel = (o // outside) * inside + c
            total += (int(padded[n, channel, i * sh + u * dh, j * sw + v * dw]) - zero) * int(w[o, c, u, v])
        y[n, o, i, j] = total
    return y


def multiply(x: Ints, w: Ints, b: Ints, zero: int = 0) -> Ints:
    """[n, in] by [out, in]: three nested loops."""
    y = np.zeros((len(x), len(w)), np.int64)
    for n, o in np.ndindex(*y.shape):
        y[n, o] = int(b[o]) + sum((int(p) - zero) * int(q) for p, q in zip(x[n], w[o], strict=True))
    return y


def max_pool(x: Ints, window: Window) -> Ints:
    """The largest of the cells inside the picture: what lies outside never wins."""
    (kernel, _), (stride, _), (padding, _) = window.kernel, window.stride, window.padding
    rows, columns = (pooled(size, window) for size in x.shape[2:])
    y = np.zeros((*x.shape[:2], rows, columns), np.int64)
    for n, c, i, j in np.ndindex(*y.shape):
        top, left = i * stride - padding, j * stride - padding
        y[n, c, i, j] = x[n, c, max(0, top) : top + kernel, max(0, left) : left + kernel].max()
    return y


def pooled(size: int, window: Window) -> int:
    """The count of windows; with ceil mode a last one that starts inside the picture or its left padding."""
    kernel, stride, padding = window.kernel[0], window.stride[0], window.padding[0]
    span = size + 2 * padding - kernel
    count = span // stride + 1
    if window.ceil_mode and span % stride and count * stride < size + padding:
        count += 1
    return count


def run(operation: object, inputs: list[Ints], target: Edge, sources: Sequence[Edge] = ()) -> Ints:
    """The reference engine's step on edges x0, x1 ... to y; its answer is checked to be whole numbers in float64."""
    names = tuple(f"x{index}" for index in range(len(inputs)))
    edges = dict(zip(names, sources or [edge(16)] * len(inputs), strict=True))
    tensors = [torch.from_numpy(value).double() for value in inputs]
    found = reference.step(operation, tensors, {**edges, "y": target})  # type: ignore[arg-type]
    assert found.dtype == torch.float64
    assert torch.equal(found, found.round())
    return found.numpy().astype(np.int64)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Kernels up to 3 x 3, strides to 3, paddings to 2, dilations to 2, each side on its own."""
    kernel, stride, padding, dilation = (
        (draw(st.integers(low, high)), draw(st.integers(low, high))) for low, high in ((1, 3), (1, 3), (0, 2), (1, 2))
    )
    return Window(kernel, stride, padding, dilation)


@st.composite
def pool_windows(draw: st.DrawFn) -> Window:
    """Square, as torch allows them: padding of half a kernel at most."""
    kernel, stride = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, kernel // 2))
    return Window((kernel,) * 2, (stride,) * 2, (padding,) * 2, ceil_mode=draw(st.booleans()))


def shapes(rng: np.random.Generator, window: Window, groups: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of a picture [n, c, h, w] that the window fits in, and of a kernel [out, c / groups, h, w]."""
    inside, outside = int(rng.integers(1, 4)), groups * int(rng.integers(1, 3))
    spans = [d * (k - 1) + 1 for d, k in zip(window.dilation, window.kernel, strict=True)]
    height, width = (int(rng.integers(span, 8)) for span in spans)
    return (int(rng.integers(1, 3)), inside * groups, height, width), (outside, inside, *window.kernel)
