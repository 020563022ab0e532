"""Fractional lengths against brute force."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.quantization.calibrators import CALIBRATORS
from core.quantization.fixed_point import activation_length, nearest_lengths, round_weights, weight_length
from core.quantization.graph import Graph, Node
from core.quantization.histogram import Histogram, histogram, merge


@given(st.integers(0, 2**32 - 1), st.integers(2, 16), st.floats(-12, 12), st.booleans())
@settings(max_examples=60, deadline=None)
def test_weight_length_is_brute_force_over_every_length(seed: int, bits: int, log_scale: float, heavy: bool) -> None:
    rng = np.random.default_rng(seed)
    draw = rng.standard_t(3, 200) if heavy else rng.normal(size=200)
    weights = (draw * 2.0**log_scale).astype(np.float32)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    costs = []
    for length in range(-40, 60):
        q = np.clip(np.rint(weights.astype(np.float64) * 2.0**length), low, high)
        costs.append(((q * 2.0**-length - weights) ** 2).sum())
    assert weight_length(torch.from_numpy(weights), bits) == range(-40, 60)[int(np.argmin(costs))]


@given(st.integers(0, 2**32 - 1), st.integers(4, 12), st.floats(-6, 6))
@settings(max_examples=40, deadline=None)
def test_activation_length_is_brute_force_on_the_values_themselves(seed: int, bits: int, log_scale: float) -> None:
    """Least squared error from the histogram costs at most 2 % more than the best length for the raw values."""
    rng = np.random.default_rng(seed)
    values = (np.abs(rng.normal(size=4000)) * 2.0**log_scale).astype(np.float32)
    high = 2 ** (bits - 1) - 1

    def error(length: int) -> float:
        q = np.clip(np.rint(values.astype(np.float64) * 2.0**length), -high - 1, high)
        return float(((q * 2.0**-length - values) ** 2).sum())

    chosen = activation_length(
        histogram(torch.from_numpy(values), float(values.min()), float(values.max())), bits, CALIBRATORS["mse"]
    )
    assert error(chosen) <= 1.02 * min(error(length) for length in range(-20, 30))


def test_worked_examples() -> None:
    assert weight_length(torch.tensor([0.3, -0.9]), 8) == 7
    assert round_weights(torch.tensor([0.3]), 7, 8).item() == 38
    assert weight_length(torch.zeros(3), 8) == 0
    one = histogram(torch.tensor([0.0, 1.9, 0.4]), 0.0, 1.9)
    assert activation_length(one, 8, CALIBRATORS["minmax"]) == 6
    assert one.zeros == 1


def test_minmax_holds_everything_and_percentile_lets_outliers_go() -> None:
    values = np.concatenate([np.linspace(0.01, 0.98, 100_000), [7.9]]).astype(np.float32)
    one = histogram(torch.from_numpy(values), 0.0, float(values.max()))
    assert activation_length(one, 8, CALIBRATORS["minmax"]) == 4
    assert activation_length(one, 8, CALIBRATORS["percentile"]) == 7
    assert activation_length(one, 8, CALIBRATORS["kl"]) > 4


@pytest.mark.parametrize(("bits", "reach"), [(8, 1), (11, 1), (12, 2), (16, 2)])
def test_wide_activations_reach_beyond_what_was_seen(bits: int, reach: int) -> None:
    graph = Graph((Node("x", "x", "input", (), (1,)),), ("x",))
    seen = histogram(torch.linspace(-1.9, 1.9, 1001), -1.9, 1.9)
    found = nearest_lengths(graph, {"x": seen}, bits, bits, CALIBRATORS["minmax"]).activations["x"]
    assert (2 ** (bits - 1) - 1) * 2.0**-found == pytest.approx(2.0 * reach, rel=0.01)


def test_histograms_survive_their_file_and_add_up() -> None:
    rng = np.random.default_rng(0)
    values = torch.from_numpy(rng.normal(size=1000).astype(np.float32))
    whole = histogram(values, -5.0, 5.0)
    again = Histogram.from_dict(whole.as_dict())
    assert np.array_equal(again.counts, whole.counts)
    assert (again.low, again.high, again.zeros) == (whole.low, whole.high, whole.zeros)
    parts = merge(histogram(values[:300], -5.0, 5.0), histogram(values[300:], -5.0, 5.0))
    assert np.array_equal(parts.counts, whole.counts)
    assert whole.counts.sum() == 1000
