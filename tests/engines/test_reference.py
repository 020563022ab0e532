"""The reference engine in FIXED-N against direct integer loops in numpy int64: the oracle's oracle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
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
    Quantize,
    Relu,
    Shift,
    Window,
)
from tests.engines.loops import (
    BITS,
    SEEDS,
    convolve,
    divided,
    edge,
    max_pool,
    multiply,
    pool_windows,
    round_shift,
    run,
    shapes,
    signed,
    windows,
)

GROUPS = st.sampled_from([1, 1, 2, 3])


@given(SEEDS, BITS, windows(), GROUPS, st.integers(-2, 18), st.booleans())
@settings(max_examples=60)
def test_convolution_is_the_integer_loop(
    seed: int, bits: int, window: Window, groups: int, shift: int, relu: bool
) -> None:
    rng, target = np.random.default_rng(seed), edge(bits, relu=relu)
    picture, kernel = shapes(rng, window, groups)
    x, w, b = signed(rng, bits, *picture), signed(rng, bits, *kernel), rng.integers(-(2**20), 2**20, kernel[0])
    total = convolve(x, w, b, window, groups)
    weight, bias = torch.from_numpy(w).to(torch.int16), torch.from_numpy(b)
    found = run(Convolution("y", "conv", ("x0",), weight, bias, window, groups, Shift(shift)), [x], target)
    assert found.shape == total.shape
    for place in np.ndindex(*total.shape):
        assert found[place] == round_shift(int(total[place]), shift, target)
    accumulator = Convolution("y", "conv", ("x0",), weight, bias, window, groups, None)
    assert np.array_equal(run(accumulator, [x], edge(32, kind="accumulator")), total)


@given(SEEDS, BITS, st.integers(1, 40), st.integers(-1, 20))
@settings(max_examples=60)
def test_linear_is_the_integer_loop(seed: int, bits: int, width: int, shift: int) -> None:
    rng, target = np.random.default_rng(seed), edge(bits)
    x, w, b = signed(rng, bits, 2, width), signed(rng, bits, 5, width), rng.integers(-1000, 1000, 5)
    expected = [[round_shift(int(total), shift, target) for total in row] for row in multiply(x, w, b)]
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
    assert int(found[0, 0]) == round_shift(total, shift, edge(8))


@given(st.integers(-300, 300), st.integers(1, 6))
def test_exact_ties_go_to_the_even_neighbour(half: int, shift: int) -> None:
    total = (2 * half + 1) << (shift - 1)
    operation = Linear("y", "fc", ("x0",), torch.ones(1, 1, dtype=torch.int8), torch.tensor([0]), Shift(shift))
    found = int(run(operation, [np.array([[total]])], edge(16), [edge(48)])[0, 0])
    assert found % 2 == 0
    assert abs((found << shift) - total) == 1 << (shift - 1)


@given(SEEDS, pool_windows())
@settings(max_examples=60)
def test_max_pool_takes_the_largest_inside_the_picture(seed: int, window: Window) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(window.kernel[0], 8, 2).tolist()
    x = signed(rng, 8, 1, 2, height, width)
    assert np.array_equal(run(MaxPool("y", "pool", ("x0",), window), [x], edge(8)), max_pool(x, window))


@given(SEEDS, BITS, st.sampled_from([(1, 1), (2, 2), (3, 3), (2, 3), (7, 7), (13, 13)]), st.integers(-3, 3))
@settings(max_examples=60)
def test_average_pool_divides_once(seed: int, bits: int, kernel: tuple[int, int], shift: int) -> None:
    x = signed(np.random.default_rng(seed), bits, 1, 2, kernel[0] * 2, kernel[1])
    target, window = edge(bits), Window(kernel, kernel)
    found = run(AveragePool("y", "pool", ("x0",), window, Shift(shift)), [x], target)
    assert found.shape == (1, 2, 2, 1)
    for _, c, i, j in np.ndindex(*found.shape):
        total = int(x[0, c, i * kernel[0] : (i + 1) * kernel[0]].sum())
        top, bottom = (total, window.count << shift) if shift >= 0 else (total << -shift, window.count)
        assert found[0, c, i, j] == divided(top, bottom, target)


@given(SEEDS, BITS, st.integers(0, 4), st.integers(0, 4), st.integers(-1, 6), st.booleans())
@settings(max_examples=60)
def test_add_aligns_and_rounds_once(seed: int, bits: int, left: int, right: int, shift: int, relu: bool) -> None:
    rng, target = np.random.default_rng(seed), edge(bits, relu=relu)
    a, b = signed(rng, bits, 1, 3, 2, 2), signed(rng, bits, 1, 3, 2, 2)
    found = run(Add("y", "add", ("x0", "x1"), (left, right), (0.0, 0.0), Shift(shift)), [a, b], target)
    for place in np.ndindex(*a.shape):
        total = (int(a[place]) << left) + (int(b[place]) << right)
        assert found[place] == round_shift(total, shift, target)


def test_concat_relu_and_flatten_only_copy() -> None:
    a, b = np.arange(8).reshape(1, 2, 2, 2) - 4, np.arange(8).reshape(1, 2, 2, 2) + 100
    joined = run(Concat("y", "cat", ("x0", "x1")), [a, b], edge(8))
    assert np.array_equal(joined, np.concatenate([a, b], axis=1))
    assert np.array_equal(run(Relu("y", "relu", ("x0",)), [a], edge(8)), np.maximum(a, 0))
    assert np.array_equal(run(Flatten("y", "flat", ("x0",)), [a], edge(8)), a.reshape(1, 8))


def test_quantize_rounds_half_to_even_and_saturates() -> None:
    target = Edge("y", "integer", -128, 127, 2.0**-6, 0, ())
    values = torch.tensor([[0.5 / 64, 1.5 / 64, -0.5 / 64, 5.0, -5.0, 1.0]])
    found = reference.step(Quantize("y", "x", ()), [values], {"y": target})
    assert found.tolist() == [[0, 2, 0, 127, -128, 64]]


def test_the_largest_sum_is_worked_out_from_weights_bias_and_the_inputs_range() -> None:
    weight, bias = torch.tensor([[3, -4], [1, 1]], dtype=torch.int16), torch.tensor([5, -60])
    layer = Linear("y", "linear", ("x0",), weight, bias, None)
    assert layer.largest_sum(edge(4)) == 2 * 8 + 60
    assert Linear("y", "linear", ("x0",), weight, bias * 0 + 5, None).largest_sum(edge(4)) == 7 * 8 + 5
    assert layer.largest_sum(replace(edge(4), low=0, high=255, zero_point=200)) == 7 * 200 + 5


@given(SEEDS, st.integers(-3, 3), st.sampled_from([0, 3]))
@settings(max_examples=14)
def test_sums_are_exact_on_both_sides_of_what_float32_holds(seed: int, over: int, zero: int) -> None:
    """Weights and inputs at their ends, and a bias that brings the largest sum, which one place has, to about 2^24."""
    rng = np.random.default_rng(seed)
    source = replace(edge(9), low=-256, high=255, zero_point=zero)
    x = rng.choice([-256, 255], (3, 40, 5, 5))
    w = rng.choice([-127, 127], (4, 40, 3, 3))
    x[0], w[0] = -256, -127
    reach = max(255 - zero, 256 + zero)
    rest = 2**24 + over - int(np.abs(w[0]).sum()) * reach
    window, bias = Window((3, 3), padding=(1, 1)), np.full(4, rest) * [1, 1, -1, -1]
    total = convolve(x, w, bias, window, 1, zero)
    assert total.max() == 2**24 + over
    layer = Convolution(
        "y", "conv", ("x0",), torch.from_numpy(w).to(torch.int16), torch.from_numpy(bias), window, 1, None
    )
    assert layer.largest_sum(source) == 2**24 + over
    assert np.array_equal(run(layer, [x], edge(32, kind="accumulator"), [source]), total)
