"""The reference engine in INT8 against direct loops in numpy.

Sums are whole numbers in int64; what is rescaled follows the design's one formula, scalar by scalar: float32(sum) * factor in
float32, half to even, plus the zero point, saturated.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

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
    Window,
)
from tests.engines.loops import (
    SEEDS,
    Ints,
    Singles,
    affine_edge,
    convolve,
    edge,
    integers,
    landed,
    max_pool,
    multiply,
    pool_windows,
    run,
    shapes,
    windows,
)

GROUPS = st.sampled_from([1, 1, 2, 3])
ZEROS = st.one_of(st.sampled_from([0, 255]), st.integers(0, 255))


def factors(rng: np.random.Generator, count: int) -> Singles:
    """One in three is a power of two, at which sums fall on exact ties."""
    free, powers = rng.uniform(1e-4, 2e-2, count), 2.0 ** -rng.integers(1, 14, count)
    return np.where(rng.random(count) < 1 / 3, powers, free).astype(np.float32)


def biases(rng: np.random.Generator, count: int) -> Ints:
    """Small ones, and one in five at the bounds of what INT8's weights leave them: 2^30."""
    return np.where(rng.random(count) < 0.2, rng.choice([-(2**30), 2**30], count), rng.integers(-5000, 5000, count))


def rescale(factor: Singles) -> Multiply:
    return Multiply(torch.from_numpy(factor))


@given(SEEDS, windows(), GROUPS, ZEROS, ZEROS, st.booleans())
@settings(max_examples=80)
def test_convolution_pads_with_the_zero_point_and_rescales_by_channel(
    seed: int, window: Window, groups: int, zero_in: int, zero_out: int, relu: bool
) -> None:
    rng, target = np.random.default_rng(seed), affine_edge(zero_out, relu)
    picture, kernel = shapes(rng, window, groups)
    x, w, b = integers(rng, 0, 255, *picture), integers(rng, -127, 127, *kernel), biases(rng, kernel[0])
    total, factor = convolve(x, w, b, window, groups, zero_in), factors(rng, kernel[0])
    parameters = (torch.from_numpy(w).to(torch.int8), torch.from_numpy(b), window, groups)
    operation = Convolution("y", "conv", ("x0",), *parameters, rescale(factor))
    found = run(operation, [x], target, [affine_edge(zero_in)])
    assert found.shape == total.shape
    for n, o, i, j in np.ndindex(*total.shape):
        assert found[n, o, i, j] == landed(np.float32(total[n, o, i, j]) * factor[o], target)
    accumulator = Convolution("y", "conv", ("x0",), *parameters, None)
    assert np.array_equal(run(accumulator, [x], edge(32, kind="accumulator"), [affine_edge(zero_in)]), total)


@given(SEEDS, st.integers(1, 40), ZEROS, ZEROS, st.booleans())
@settings(max_examples=60)
def test_linear_rescales_by_channel(seed: int, width: int, zero_in: int, zero_out: int, relu: bool) -> None:
    rng, target = np.random.default_rng(seed), affine_edge(zero_out, relu)
    x, w, b = integers(rng, 0, 255, 2, width), integers(rng, -127, 127, 4, width), biases(rng, 4)
    total, factor = multiply(x, w, b, zero_in), factors(rng, 4)
    operation = Linear("y", "fc", ("x0",), torch.from_numpy(w).to(torch.int8), torch.from_numpy(b), rescale(factor))
    found = run(operation, [x], target, [affine_edge(zero_in)])
    for n, o in np.ndindex(*total.shape):
        assert found[n, o] == landed(np.float32(total[n, o]) * factor[o], target)


def rescaled(total: int, factor: float, zero: int) -> int:
    """What an accumulator becomes: a linear layer's that sees nothing and has `total` for its bias."""
    weight, bias = torch.zeros(1, 1, dtype=torch.int8), torch.tensor([total])
    operation = Linear("y", "fc", ("x0",), weight, bias, rescale(np.array([factor], np.float32)))
    return int(run(operation, [np.array([[0]])], affine_edge(zero), [affine_edge()])[0, 0])


@given(st.integers(-(2**31), 2**31 - 1), st.floats(2**-31, 1, width=32), ZEROS)
@settings(max_examples=200)
def test_any_int32_sum_at_any_factor(total: int, factor: float, zero: int) -> None:
    assert rescaled(total, factor, zero) == landed(np.float32(total) * np.float32(factor), affine_edge(zero))


@given(st.integers(-300, 300), st.integers(1, 20), ZEROS)
def test_ties_go_to_the_even_neighbour_before_the_zero_point_is_added(half: int, shift: int, zero: int) -> None:
    even = half + half % 2
    assert rescaled((2 * half + 1) << (shift - 1), 2.0**-shift, zero) == min(max(even + zero, 0), 255)


@pytest.mark.parametrize(
    ("total", "factor", "zero", "expected"),
    [
        (5, 0.5, 7, 9),  # 2.5 is 2; rounded behind the zero point it would be 10
        (16_842_753, 2.0**-17, 0, 128),  # 16,842,752 in float32, so 128.5; in float64 above the tie: 129
        (2**31 - 1, 1.0, 0, 255),
        (-(2**31), 1.0, 255, 0),
        (0, 1.0, 255, 255),
    ],
)
def test_rescaling_by_hand(total: int, factor: float, zero: int, expected: int) -> None:
    assert rescaled(total, factor, zero) == expected


@given(SEEDS, ZEROS, ZEROS, ZEROS, st.booleans())
@settings(max_examples=60)
def test_add_rounds_once(seed: int, left: int, right: int, zero: int, relu: bool) -> None:
    """Each side times its factor and their sum are float32; only the sum is rounded to a whole number."""
    rng, target = np.random.default_rng(seed), affine_edge(zero, relu)
    a, b = integers(rng, 0, 255, 1, 3, 4, 4), integers(rng, 0, 255, 1, 3, 4, 4)
    one, other = np.where(rng.random(2) < 0.5, [0.5, 0.25], rng.uniform(0.01, 2, 2)).astype(np.float32)
    # The alignment and the rescale's factor are FIXED-N's and no part of the sum here.
    operation = Add("y", "add", ("x0", "x1"), (3, 0), (float(one), float(other)), Multiply(torch.tensor([0.3])))
    found = run(operation, [a, b], target, [affine_edge(left), affine_edge(right)])
    for place in np.ndindex(*a.shape):
        total = np.float32(a[place] - left) * one + np.float32(b[place] - right) * other
        assert found[place] == landed(total, target)


TENTH = float(np.float32(0.1))  # 0.1000000015: five of them are above a half, and in float32 one half


@pytest.mark.parametrize(
    ("values", "factors", "expected"),
    [
        ((1, 1), (0.5, 0.5), 8),  # one; rounded each for itself, half to even, the halves would be none
        ((5, 0), (TENTH, 1.0), 7),  # a tie; in float64 it would be 8
    ],
)
def test_adding_by_hand(values: tuple[int, int], factors: tuple[float, float], expected: int) -> None:
    operation = Add("y", "add", ("x0", "x1"), (0, 0), factors, Multiply(torch.tensor([0.5])))
    inputs = [np.array([[value + 10]]) for value in values]
    assert run(operation, inputs, affine_edge(7), [affine_edge(10)] * 2).tolist() == [[expected]]


@given(SEEDS, pool_windows(), ZEROS, ZEROS)
@settings(max_examples=60)
def test_average_pool_rescales_the_sum(seed: int, window: Window, zero_in: int, zero_out: int) -> None:
    """What lies outside the picture is the zero point, and counts; `factor` holds the division."""
    rng, target = np.random.default_rng(seed), affine_edge(zero_out)
    window = Window(window.kernel, window.stride, window.padding)
    x = integers(rng, 0, 255, 2, 3, *rng.integers(window.kernel[0], 8, 2).tolist())
    ratio = np.float32(rng.choice([1.0, 0.5, rng.uniform(0.05, 3)]) / window.count)
    found = run(
        AveragePool("y", "pool", ("x0",), window, rescale(np.array([ratio]))), [x], target, [affine_edge(zero_in)]
    )
    ones, none = np.ones((1, 1, *window.kernel), np.int64), np.zeros(1, np.int64)
    for c in range(3):
        total = convolve(x[:, c : c + 1], ones, none, window, 1, zero_in)
        assert found[:, c : c + 1].shape == total.shape
        for n, _, i, j in np.ndindex(*total.shape):
            assert found[n, c, i, j] == landed(np.float32(total[n, 0, i, j]) * ratio, target)


@given(SEEDS, pool_windows(), ZEROS)
@settings(max_examples=60)
def test_max_pool_copies_the_largest_inside_the_picture(seed: int, window: Window, zero: int) -> None:
    """Also where all of a window is below the zero point, which lies in the padding."""
    rng = np.random.default_rng(seed)
    x = integers(rng, 0, int(rng.choice([zero, 255])), 1, 2, *rng.integers(window.kernel[0], 8, 2).tolist())
    found = run(MaxPool("y", "pool", ("x0",), window), [x], affine_edge(zero), [affine_edge(zero)])
    assert np.array_equal(found, max_pool(x, window))


@given(SEEDS, ZEROS)
def test_concat_relu_and_flatten_copy(seed: int, zero: int) -> None:
    rng, target = np.random.default_rng(seed), affine_edge(zero)
    a, b = integers(rng, 0, 255, 2, 3, 2, 4), integers(rng, 0, 255, 2, 1, 2, 4)
    joined = run(Concat("y", "cat", ("x0", "x1")), [a, b], target, [target, target])
    assert joined.tolist() == [[*one, *other] for one, other in zip(a.tolist(), b.tolist(), strict=True)]
    behind = run(Relu("y", "relu", ("x0",)), [a], affine_edge(zero, relu=True), [target])
    assert behind.flatten().tolist() == [max(q, zero) for q in a.flatten().tolist()]
    flat = run(Flatten("y", "flat", ("x0",)), [a], target, [target])
    assert flat.shape == (2, 24)
    assert flat.flatten().tolist() == a.flatten().tolist()


@given(SEEDS, ZEROS)
def test_quantize_adds_the_zero_point_behind_the_rounding(seed: int, zero: int) -> None:
    """Real values from far below to far above the range, many of them halfway between two steps of 1/16."""
    rng = np.random.default_rng(seed)
    values = (rng.integers(-600, 600, (1, 40)) / 32).astype(np.float32)
    target = Edge("y", "integer", 0, 255, 1 / 16, zero, ())
    found = reference.step(Quantize("y", "x", ()), [torch.from_numpy(values)], {"y": target})
    assert found[0].tolist() == [min(max(int(np.rint(value * 16)) + zero, 0), 255) for value in values[0]]
