"""INT8: affine integer quantization as processors deploy it (Jacob et al. 2018).

Activations are uint8 with one scale and zero point a tensor; weights int8, symmetric, one scale for each output channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.quantization.calibrators import Calibrator, Grid
from core.quantization.histogram import Histogram

LOW, HIGH = 0, 255
LARGEST_WEIGHT = 127
LARGEST_BIAS = 2**30
SHARES = np.linspace(0.2, 1.0, 81)


@dataclass(frozen=True)
class Scale:
    """value = scale * (q - zero_point)."""

    scale: float
    zero_point: int


def weight_scales(weight: Tensor, bias: Tensor, source_scale: float) -> Tensor:
    """One for each output channel, float64: the largest |weight| lands on 127. A channel of zeros gets 1.

    The bias is an int32 at this scale times the input's: where tiny weights stand beside a large bias, the scale is raised
    until |bias| is at most 2^30. A weight of 1e-12 beside a bias of 0.5 at an input scale of 1 gets 0.5 / 2^30 = 4.7e-10.
    """
    largest = weight.double().abs().flatten(1).amax(dim=1)
    scales = torch.where(largest > 0, largest / LARGEST_WEIGHT, torch.ones_like(largest))
    return torch.maximum(scales, bias.double().abs() / (source_scale * LARGEST_BIAS))


def round_weights(weight: Tensor, scales: Tensor) -> Tensor:
    """round(w / scale), half to even, in [-127, 127], as float64 integers."""
    shape = (-1, *(1,) * (weight.ndim - 1))
    return torch.round(weight.double() / scales.view(shape)).clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT)


def activation_scale(histogram: Histogram, calibrator: Calibrator) -> Scale:
    """The share of the observed range, from a fifth to all of it, whose grid costs least; zero is always held exactly."""
    grids = [_grid(histogram, float(share)) for share in SHARES]
    costs = [calibrator.cost(histogram, grid) for grid, _ in grids]
    return grids[int(np.argmin(costs)) if np.isfinite(costs).any() else -1][1]


def _grid(histogram: Histogram, share: float) -> tuple[Grid, Scale]:
    """Observed -1 to 3 at share 1: step 4 / 255, zero point 64."""
    low, high = min(0.0, histogram.low * share), max(0.0, histogram.high * share)
    step = float(np.float32(max(high - low, 1e-9) / HIGH))
    zero_point = int(np.clip(np.rint(-low / step), LOW, HIGH))
    return Grid((LOW - zero_point) * step, (HIGH - zero_point) * step, step), Scale(step, zero_point)


def nearest_scales(ranges: Mapping[str, Histogram], calibrator: Calibrator) -> dict[str, Scale]:
    return {group: activation_scale(histogram, calibrator) for group, histogram in ranges.items()}
