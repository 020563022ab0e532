"""The reference engine against direct integer loops in numpy int64: the oracle's oracle."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.engines import reference
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
    Quantize,
    Relu,
    Rescale,
    Shift,
    Window,
)

Ints = NDArray[np.int64]
SEEDS = st.integers(0, 2**32 - 1)
BITS = st.sampled_from([2, 4, 8, 16])


def edge(bits: int, scale: float = 1.0, zero_point: int = 0, relu: bool = False, kind: str = "integer") -> Edge:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return Edge("y", kind, 0 if relu else low, high, scale, zero_point, ())  # type: ignore[arg-type]


def integers(rng: np.random.Generator, bits: int, *shape: int) -> Ints:
    """Random N-bit integers, with the extremes far more often than chance."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    values = rng.integers(low, high + 1, shape)
    return np.where(rng.random(shape) < 0.2, rng.choice([low, high, 0], shape), values)


def round_shift(total: int, bits: int, low: int, high: int) -> int:
    """total * 2^-bits, half to even, saturated: in whole numbers only."""
    if bits <= 0:
        return min(max(total << -bits, low), high)
    quotient, remainder = divmod(total, 1 << bits)
    half = 1 << (bits - 1)
    if remainder > half or (remainder == half and quotient % 2 == 1):
        quotient += 1
    return min(max(quotient, low), high)


def convolve(x: Ints, w: Ints, b: Ints, window: Window, groups: int) -> Ints:
    """Six nested loops."""
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = window.kernel, window.stride, window.padding, window.dilation
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    rows = (padded.shape[2] - dh * (kh - 1) - 1) // sh + 1
    columns = (padded.shape[3] - dw * (kw - 1) - 1) // sw + 1
    y = np.zeros((len(x), len(w), rows, columns), np.int64)
    inside, outside = x.shape[1] // groups, len(w) // groups
    for n, o, i, j in np.ndindex(*y.shape):
        total = int(b[o])
        for c, u, v in np.ndindex(inside, kh, kw):
            channel = (o // outside) * inside + c
            total += int(padded[n, channel, i * sh + u * dh, j * sw + v * dw]) * int(w[o, c, u, v])
        y[n, o, i, j] = total
    return y


def dot(row: Ints, column: Ints) -> int:
    return sum(int(p) * int(q) for p, q in zip(row, column, strict=True))


def run(operation: object, inputs: list[Ints], target: Edge, sources: list[Edge] | None = None) -> Ints:
    names = tuple(f"x{index}" for index in range(len(inputs)))
    edges = dict(zip(names, sources or [edge(16)] * len(inputs), strict=True))
    tensors = [torch.from_numpy(value).double() for value in inputs]
    found = reference.step(operation, tensors, {**edges, "y": target})  # type: ignore[arg-type]
    assert found.dtype == torch.float64
    assert torch.equal(found, found.round())
    return found.numpy().astype(np.int64)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Ints, Ints, Ints, Window, int, int]:
    rng, bits = np.random.default_rng(draw(SEEDS)), draw(BITS)
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    kernel = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    dilation = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    window = Window(
        kernel,
        (draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        (draw(st.integers(0, 2)), draw(st.integers(0, 2))),
        dilation,
    )
    height, width = (draw(st.integers(d * (k - 1) + 1, 7)) for d, k in zip(dilation, kernel, strict=True))
    inside, outside = draw(st.integers(1, 3)), groups * draw(st.integers(1, 2))
    x = integers(rng, bits, draw(st.integers(1, 2)), inside * groups, height, width)
    w = integers(rng, bits, outside, inside, *kernel)
    return x, w, rng.integers(-(2**20), 2**20, outside), window, groups, bits


@given(convolutions(), st.integers(-2, 18), st.booleans())
@settings(max_examples=60, deadline=None)
def test_convolution_is_the_integer_loop(
    case: tuple[Ints, Ints, Ints, Window, int, int], shift: int, relu: bool
) -> None:
    x, w, b, window, groups, bits = case
    target = edge(bits, relu=relu)
    total = convolve(x, w, b, window, groups)
    expected = np.vectorize(lambda value: round_shift(int(value), shift, target.low, target.high), otypes=[np.int64])(
        total
    )
    weight, bias = torch.from_numpy(w).to(torch.int16), torch.from_numpy(b)
    operation = Convolution("y", "conv", ("x0",), weight, bias, window, groups, Shift(shift))
    assert np.array_equal(run(operation, [x], target), expected)
    accumulator = Convolution("y", "conv", ("x0",), weight, bias, window, groups, None)
    assert np.array_equal(run(accumulator, [x], edge(32, kind="accumulator")), total)


@given(SEEDS, BITS, st.integers(1, 40), st.integers(-1, 20))
@settings(max_examples=60, deadline=None)
def test_linear_is_the_integer_loop(seed: int, bits: int, width: int, shift: int) -> None:
    rng, target = np.random.default_rng(seed), edge(bits)
    x, w, b = integers(rng, bits, 2, width), integers(rng, bits, 5, width), rng.integers(-1000, 1000, 5)
    totals = [
        [
            sum(int(p) * int(q) for p, q in zip(row, column, strict=True)) + int(c)
            for column, c in zip(w, b, strict=True)
        ]
        for row in x
    ]
    expected = [[round_shift(total, shift, target.low, target.high) for total in row] for row in totals]
    operation = Linear("y", "fc", ("x0",), torch.from_numpy(w).to(torch.int16), torch.from_numpy(b), Shift(shift))
    assert run(operation, [x], target).tolist() == expected


def test_the_longest_sum_of_a_published_network_is_exact() -> None:
    """VGG-16's first linear layer has 25,088 inputs: at 16 bits and full swing the sum needs 45 bits."""
    x, w = np.full((1, 25_088), -(2**15)), np.full((1, 25_088), -(2**15))
    w[0, 0] = 2**15 - 1
    operation = Linear("y", "fc", ("x0",), torch.from_numpy(w).to(torch.int16), torch.tensor([1]), None)
    found = run(operation, [x], edge(32, kind="accumulator"))
    assert int(found[0, 0]) == 25_087 * 2**30 - 2**15 * (2**15 - 1) + 1


@given(st.integers(-(2**40), 2**40), st.integers(1, 24))
def test_rounding_is_half_to_even_and_saturates(total: int, shift: int) -> None:
    weight = torch.ones(1, 1, dtype=torch.int8)
    operation = Linear("y", "fc", ("x0",), weight, torch.tensor([0]), Shift(shift))
    found = run(operation, [np.array([[total]])], edge(8), [edge(48)])
    assert int(found[0, 0]) == round_shift(total, shift, -128, 127)


@given(st.integers(-300, 300), st.integers(1, 6))
def test_exact_ties_go_to_the_even_neighbour(half: int, shift: int) -> None:
    total = (2 * half + 1) << (shift - 1)
    operation = Linear("y", "fc", ("x0",), torch.ones(1, 1, dtype=torch.int8), torch.tensor([0]), Shift(shift))
    found = int(run(operation, [np.array([[total]])], edge(16), [edge(48)])[0, 0])
    assert found % 2 == 0
    assert abs((found << shift) - total) == 1 << (shift - 1)


@given(SEEDS, st.integers(1, 3), st.integers(1, 3), st.integers(0, 1), st.booleans())
@settings(max_examples=60, deadline=None)
def test_max_pool_takes_the_largest_inside_the_picture(
    seed: int, kernel: int, stride: int, padding: int, ceil: bool
) -> None:
    rng = np.random.default_rng(seed)
    padding = min(padding, kernel // 2)
    x = integers(rng, 8, 1, 2, int(rng.integers(kernel, 8)), int(rng.integers(kernel, 8)))
    window = Window((kernel, kernel), (stride, stride), (padding, padding), ceil_mode=ceil)
    found = run(MaxPool("y", "pool", ("x0",), window), [x], edge(8))
    for _, c, i, j in np.ndindex(*found.shape):
        top, left = i * stride - padding, j * stride - padding
        cells = x[0, c, max(0, top) : top + kernel, max(0, left) : left + kernel]
        assert found[0, c, i, j] == cells.max()
    assert found.shape[2] == pooled(x.shape[2], kernel, stride, padding, ceil)


def pooled(size: int, kernel: int, stride: int, padding: int, ceil: bool) -> int:
    """The count of windows; with ceil mode a last one that starts inside the picture or its left padding."""
    span = size + 2 * padding - kernel
    count = span // stride + 1
    if ceil and span % stride and count * stride < size + padding:
        count += 1
    return count


@given(SEEDS, BITS, st.sampled_from([(1, 1), (2, 2), (3, 3), (2, 3), (7, 7), (13, 13)]), st.integers(-3, 3))
@settings(max_examples=60, deadline=None)
def test_average_pool_divides_once(seed: int, bits: int, kernel: tuple[int, int], shift: int) -> None:
    x = integers(np.random.default_rng(seed), bits, 1, 2, kernel[0] * 2, kernel[1])
    target, window = edge(bits), Window(kernel, kernel)
    found = run(AveragePool("y", "pool", ("x0",), window, Shift(shift)), [x], target)
    for _, c, i, j in np.ndindex(*found.shape):
        total = int(x[0, c, i * kernel[0] : (i + 1) * kernel[0]].sum())
        top, bottom = (total, window.count << shift) if shift >= 0 else (total << -shift, window.count)
        assert found[0, c, i, j] == rounded(top, bottom, target)


def rounded(top: int, bottom: int, target: Edge) -> int:
    quotient, remainder = divmod(top, bottom)
    if 2 * remainder > bottom or (2 * remainder == bottom and quotient % 2 == 1):
        quotient += 1
    return min(max(quotient, target.low), target.high)


@given(SEEDS, BITS, st.integers(0, 4), st.integers(0, 4), st.integers(-1, 6), st.booleans())
@settings(max_examples=60, deadline=None)
def test_add_aligns_and_rounds_once(seed: int, bits: int, left: int, right: int, shift: int, relu: bool) -> None:
    rng, target = np.random.default_rng(seed), edge(bits, relu=relu)
    a, b = integers(rng, bits, 1, 3, 2, 2), integers(rng, bits, 1, 3, 2, 2)
    found = run(Add("y", "add", ("x0", "x1"), (left, right), (0.0, 0.0), Shift(shift)), [a, b], target)
    for place in np.ndindex(*a.shape):
        total = (int(a[place]) << left) + (int(b[place]) << right)
        assert found[place] == round_shift(total, shift, target.low, target.high)


@given(SEEDS, st.integers(0, 255), st.integers(0, 255))
@settings(max_examples=40, deadline=None)
def test_int8_rescales_in_float32(seed: int, zero_in: int, zero_out: int) -> None:
    """acc in int32, float32 product, half to even, plus the zero point: followed here in numpy, scalar by scalar."""
    rng = np.random.default_rng(seed)
    x, w, b = rng.integers(0, 256, (2, 30)), integers(rng, 8, 4, 30), rng.integers(-5000, 5000, 4)
    factor = rng.uniform(1e-4, 2e-2, 4).astype(np.float32)
    source = Edge("x0", "integer", 0, 255, 0.1, zero_in, ())
    target = Edge("y", "integer", 0, 255, 0.1, zero_out, ())
    rescale: Rescale = Multiply(torch.from_numpy(factor))
    operation = Linear("y", "fc", ("x0",), torch.from_numpy(w).to(torch.int8), torch.from_numpy(b), rescale)
    found = run(operation, [x], target, [source])
    for n, o in np.ndindex(2, 4):
        total = sum((int(p) - zero_in) * int(q) for p, q in zip(x[n], w[o], strict=True)) + int(b[o])
        scaled = np.rint(np.float32(total) * factor[o])
        assert found[n, o] == min(max(int(scaled) + zero_out, 0), 255)


def test_concat_relu_and_flatten_only_copy() -> None:
    a, b = np.arange(8).reshape(1, 2, 2, 2) - 4, np.arange(8).reshape(1, 2, 2, 2) + 100
    joined = run(Concat("y", "cat", ("x0", "x1")), [a, b], edge(8))
    assert np.array_equal(joined, np.concatenate([a, b], axis=1))
    assert np.array_equal(run(Relu("y", "relu", ("x0",)), [a], edge(8)), np.maximum(a, 0))
    assert np.array_equal(run(Flatten("y", "flat", ("x0",)), [a], edge(8)), a.reshape(1, 8))


def test_copies_keep_an_affine_zero_point() -> None:
    x, zero = np.array([[[[3, 10], [200, 7]]]]), Edge("x", "integer", 0, 255, 0.5, 9, ())
    assert run(MaxPool("y", "pool", ("x0",), Window((2, 2), (2, 2))), [x], zero, [zero]).tolist() == [[[[200]]]]
    assert run(Relu("y", "relu", ("x0",)), [x], zero, [zero]).tolist() == [[[[9, 10], [200, 9]]]]
    assert run(Concat("y", "cat", ("x0", "x1")), [x, x], zero, [zero, zero]).tolist()[0][1] == [[3, 10], [200, 7]]


def test_quantize_rounds_half_to_even_and_saturates() -> None:
    target = Edge("y", "integer", -128, 127, 2.0**-6, 0, ())
    values = torch.tensor([[0.5 / 64, 1.5 / 64, -0.5 / 64, 5.0, -5.0, 1.0]])
    found = reference.step(Quantize("y", "x", ()), [values], {"y": target})
    assert found.tolist() == [[0, 2, 0, 127, -128, 64]]
