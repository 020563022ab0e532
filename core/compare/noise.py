"""How exact each layer of a variant is on a picture: signal to quantization noise (SQNR) against FP32."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from core.compare.records import LayerNoise
from core.engines import reference
from core.formats import NumberFormat
from core.quantization.lower import lower
from core.quantization.prepare import Prepared, quantizers
from core.quantization.simulate import run_float
from core.variant import Calibration

MEASURED = ("conv2d", "linear", "average_pool", "add")


def layer_noise(
    prepared: Prepared, format: NumberFormat, calibration: Calibration, x: Tensor
) -> tuple[LayerNoise, ...]:
    """SQNR of every layer's output, in the network's order, for preprocessed pictures [n, 3, h, w]."""
    exact = run_float(prepared.graph, x)
    found = _values(prepared, format, calibration, x)
    return tuple(
        LayerNoise(node.layer, node.kind, decibels(exact[node.name], found[node.name]))
        for node in prepared.graph.nodes
        if node.kind in MEASURED
    )


def decibels(exact: Tensor, found: Tensor) -> float:
    """10 log10(sum exact^2 / sum (exact - found)^2): an error of a hundredth is 40 dB; no error at all is inf.

    Where nothing of the signal is left (a value overflowed, or the signal is zero and the values are not), -inf.
    """
    noise = float((exact.double() - found.double()).square().sum())
    signal = float(exact.double().square().sum())
    if noise == 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal > 0 and math.isfinite(noise) else -math.inf


def _values(prepared: Prepared, format: NumberFormat, calibration: Calibration, x: Tensor) -> Mapping[str, Tensor]:
    """Every edge as real numbers: in the format's own float type, or from the integers of its program."""
    if format.dtype is not None:
        return run_float(prepared.graph, x.to(getattr(torch, format.dtype)))
    chosen, _, _ = quantizers(prepared, format, calibration)
    program = lower(prepared.graph, chosen, format)
    integers = reference.run(program, x)
    return {name: reference.real(q, program.edges[name]) for name, q in integers.items()}
