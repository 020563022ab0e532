"""Divergences and their mean's interval by hand."""

from __future__ import annotations

import math

import pytest
import torch

from core.sweeps.layers.pictures import divergences, interval


def test_divergence_by_hand() -> None:
    exact, found = (
        torch.log(torch.tensor([[0.5, 0.5], [0.2, 0.8]])),
        torch.log(torch.tensor([[0.75, 0.25], [0.2, 0.8]])),
    )
    by_hand = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    assert divergences(found.double() + 3, exact.double()).tolist() == pytest.approx([by_hand, 0.0], abs=1e-7)
    assert by_hand == pytest.approx(0.1438, abs=1e-4)


def test_the_interval_is_symmetric_in_the_logarithm() -> None:
    """Mean 0.2 and standard error 0.02: 100 values of which half lie a standard deviation of 0.2 to each side."""
    away = 0.2 * math.sqrt(99 / 100)  # so that the deviation of the sample is 0.2
    mean, low, high = interval(torch.tensor([0.2 - away, 0.2 + away] * 50, dtype=torch.float64))
    assert (mean, low, high) == pytest.approx((0.2, 0.1644, 0.2433), abs=1e-4)
    assert low * high == pytest.approx(mean**2)


@pytest.mark.parametrize("values", [[0.0, 0.0], [-1e-17, -1e-18], [0.5]])
def test_where_nothing_can_be_said_of_the_spread(values: list[float]) -> None:
    mean, low, high = interval(torch.tensor(values, dtype=torch.float64))
    assert mean == low == high >= 0
