"""INT8's activation scale against a direct loop over all shares, which quantizes the values themselves."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.quantization.affine import Scale, activation_scale
from core.quantization.calibrators import CALIBRATORS
from core.quantization.histogram import BINS, Histogram, histogram

Values = NDArray[np.float64]
RNG = np.random.default_rng(0)
SAMPLES: dict[str, Values] = {
    "normal": RNG.normal(0, 1, 20_000),
    "behind a ReLU": np.maximum(RNG.normal(0.3, 2, 20_000), 0),
    "heavy tails": RNG.laplace(0.5, 1, 20_000) ** 3,
    "one outlier": np.append(RNG.normal(0, 0.1, 20_000), 25.0),
    "all positive": RNG.uniform(3, 4, 5_000),
    "all negative": -RNG.exponential(2, 5_000),
    "many zeros": np.where(RNG.random(20_000) < 0.9, 0, RNG.normal(0, 5, 20_000)),
}
SHARES = [0.2 + index / 100 for index in range(81)]


def candidate(low: float, high: float, share: float) -> Scale:
    """A share of the range, with zero in it, in 255 equal steps of a float32 width."""
    low, high = min(0.0, share * low), max(0.0, share * high)
    step = float(np.float32((high - low) / 255))
    return Scale(step, min(max(round(-low / step), 0), 255))


def error(values: Values, scale: Scale) -> Values:
    """What INT8 makes of each value: q = round(v / scale) + zero point in 0..255, back, less the value."""
    q = np.clip(np.rint(values / scale.scale) + scale.zero_point, 0, 255)
    return (q - scale.zero_point) * scale.scale - values


def squared(values: Values, scale: Scale) -> float:
    return float((error(values, scale) ** 2).sum())


def all_but(lost: Fraction) -> Callable[[Values, Scale], float]:
    """The step, where at most such a share of the values is moved by more than half a step; else infinite."""

    def cost(values: Values, scale: Scale) -> float:
        moved = int((np.abs(error(values, scale)) > scale.scale / 2).sum())
        return scale.scale if moved <= lost * len(values) else math.inf

    return cost


def divergence(values: Values, scale: Scale) -> float:
    """KL in nats of the values, saturated, from what their levels tell of them, each level's shared by its own values."""
    inside = sorted(set(values[np.abs(error(values, scale)) <= scale.scale / 2].tolist()))
    if not inside:
        return math.inf
    p = Counter(np.clip(values, inside[0], inside[-1]).tolist())
    level = {value: round(value / scale.scale) for value in inside}
    members, held = Counter(level.values()), Counter[int]()
    for value, count in Counter(values.tolist()).items():
        if value in level:
            held[level[value]] += count
    q = {value: held[level[value]] / members[level[value]] for value in inside}
    all_p, all_q = sum(p.values()), sum(q.values())
    return sum(p[value] / all_p * math.log(p[value] / all_p / (q[value] / all_q)) for value in inside)


COSTS: dict[str, Callable[[Values, Scale], float]] = {
    "mse": squared,
    "minmax": all_but(Fraction(0)),
    "percentile": all_but(Fraction(1, 10_000)),
}


def centred(values: Values, least: int = 0) -> tuple[Histogram, Values]:
    """A histogram with at least so many in each bin, and values that lie on its bins' centres: neither knows more."""
    others = values[values != 0]
    low, high = min(0.0, float(others.min())), float(others.max())
    high = max(0.0, high) if low < 0 else high
    counts = np.histogram(others, BINS, (low, high))[0] + least
    found = Histogram(low, high, counts, int((values == 0).sum()))
    return found, np.append(np.repeat(found.centres, counts), np.zeros(found.zeros))


@pytest.mark.parametrize("rule", ["mse", "minmax", "percentile"])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_cheapest_of_all_shares_is_chosen(name: str, rule: str) -> None:
    seen, values = centred(SAMPLES[name])
    found = activation_scale(seen, CALIBRATORS[rule])
    scales = [candidate(seen.low, seen.high, share) for share in SHARES]
    costs = [COSTS[rule](values, scale) for scale in scales]
    assert found == scales[int(np.argmin(costs))]


@pytest.mark.parametrize("name", ["normal", "heavy tails", "one outlier"])
def test_the_closest_distribution_is_chosen(name: str) -> None:
    seen, values = centred(SAMPLES[name], least=1)
    scales = [candidate(seen.low, seen.high, share) for share in SHARES]
    costs = [divergence(values[values != 0], scale) for scale in scales]
    assert activation_scale(seen, CALIBRATORS["kl"]) == scales[int(np.argmin(costs))]


@pytest.mark.parametrize("name", SAMPLES)
def test_what_the_bins_leave_out_costs_little(name: str) -> None:
    values = SAMPLES[name].astype(np.float32)
    low, high = float(values.min()), float(values.max())
    found = activation_scale(histogram(torch.from_numpy(values), low, high), CALIBRATORS["mse"])
    exact = values.astype(np.float64)
    best = min(squared(exact, candidate(low, high, share)) for share in SHARES)
    assert squared(exact, found) <= 1.01 * best


@pytest.mark.parametrize("rule", CALIBRATORS)
@pytest.mark.parametrize(("value", "zero_point"), [(0.0, 0), (2.0, 0), (-2.0, 255)])
def test_values_that_are_all_one_are_held(rule: str, value: float, zero_point: int) -> None:
    values = torch.full((100,), value)
    found = activation_scale(histogram(values, value, value), CALIBRATORS[rule])
    assert found.scale > 0 and found.zero_point == zero_point
    assert abs(error(np.array([value]), found)[0]) <= found.scale / 2
