"""Quantizers as JSON, for the record of a retrained file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.quantization.affine import Scale
from core.quantization.fixed_point import Lengths
from core.quantization.lower import Quantizers

LENGTHS, SCALES = "lengths", "scales"


def as_dict(quantizers: Quantizers | None) -> dict[str, Any]:
    """None, which is FP32's, is empty."""
    if quantizers is None:
        return {}
    if isinstance(quantizers, Lengths):
        return {LENGTHS: asdict(quantizers)}
    return {SCALES: {group: asdict(scale) for group, scale in quantizers.items()}}


def from_dict(values: Mapping[str, Any]) -> Quantizers:
    """The inverse of `as_dict`, for FIXED-N and INT8."""
    if LENGTHS in values:
        return Lengths(**values[LENGTHS])
    return {group: Scale(**scale) for group, scale in values[SCALES].items()}
