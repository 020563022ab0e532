"""FIXED-N: choosing fractional lengths, and rounding weights to them.

Dynamic fixed point (Courbariaux et al. 2014; Gysel et al. 2016): value = q * 2^-FL, one FL for each tensor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.formats import limits
from core.quantization.calibrators import Calibrator, Grid
from core.quantization.graph import Graph
from core.quantization.histogram import Histogram

# A range may leave out values beyond it, but not all except the smallest: it holds at least an eighth of the largest seen.
CLIPPED_DOUBLINGS = 3
ENOUGH_BITS = 12  # steps so fine that no search is needed
PIECE = 2**18  # weights at a time: what a processor's cache holds
# With few bits and a heavy tail the best length may saturate the largest weight to a hundredth.
SATURATED_DOUBLINGS = 8


@dataclass(frozen=True)
class Lengths:
    """Fractional lengths: of each layer's weights by node name, of each scale group's activations by group name.

    `complete` is False where a search's time ran out before it had tried every tensor.
    """

    weights: Mapping[str, int]
    activations: Mapping[str, int]
    complete: bool = True


def round_weights(weight: Tensor, length: int, bits: int) -> Tensor:
    """round(w * 2^FL), half to even, saturated, as float64 integers: 0.3 at FL 7 in 8 bits is 38."""
    low, high = limits(bits)
    return torch.round(weight.double() * 2.0**length).clamp(low, high)


def weight_length(weight: Tensor, bits: int) -> int:
    """The FL with the least squared error; of equals the smaller. All zeros give 0."""
    largest = float(weight.abs().max())
    if largest == 0:
        return 0
    fits = math.floor(math.log2(limits(bits)[1] / largest))
    costs = {length: _squared_error(weight, length, bits) for length in range(fits - 2, fits + 1 + SATURATED_DOUBLINGS)}
    return min(costs, key=lambda length: (costs[length], length))


def _squared_error(weight: Tensor, length: int, bits: int) -> float:
    """Summed in float64, piece by piece: VGG-16's first linear layer alone has 103 million weights."""
    pieces = weight.flatten().split(PIECE)
    errors = (round_weights(piece, length, bits).mul_(2.0**-length).sub_(piece) for piece in pieces)
    return sum(float(error.square_().sum()) for error in errors)


def activation_length(histogram: Histogram, bits: int, calibrator: Calibrator) -> int:
    """The FL with the least cost; of equals the smaller, which has the wider range. Values up to 1.9 in 8 bits start at 6."""
    largest = max(abs(histogram.low), abs(histogram.high))
    if largest == 0:
        return bits - 1
    low, high = limits(bits)
    covers = math.floor(math.log2(high / largest))
    costs = {
        length: calibrator.cost(histogram, Grid(low * 2.0**-length, high * 2.0**-length, 2.0**-length))
        for length in range(covers - 1, covers + CLIPPED_DOUBLINGS + 1)
    }
    return min(costs, key=lambda length: (costs[length], length))


def nearest_lengths(
    graph: Graph, ranges: Mapping[str, Histogram], weight_bits: int, activation_bits: int, calibrator: Calibrator
) -> Lengths:
    """Every tensor's own best length, before any search.

    Activations of 12 bits and more are given one doubling of headroom: other pictures reach further than those calibrated on,
    and a value that saturates costs more than the last of so many bits.
    """
    headroom = 1 if activation_bits >= ENOUGH_BITS else 0
    weights = {node.name: weight_length(node.weight, weight_bits) for node in graph.weighted if node.weight is not None}
    activations = {
        group: activation_length(histogram, activation_bits, calibrator) - headroom
        for group, histogram in ranges.items()
    }
    return Lengths(weights, activations)
