"""How exact each layer of a variant is on a picture: signal to quantization noise (SQNR) against FP32."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from core.compare.records import LayerNoise
from core.engines import reference
from core.quantization.prepare import Executable, Prepared
from core.quantization.simulate import run_float

MEASURED = ("conv2d", "linear", "average_pool", "add")


def layer_noise(prepared: Prepared, executable: Executable, x: Tensor, device: str = "cpu") -> tuple[LayerNoise, ...]:
    """SQNR of every layer's output, in the network's order, for preprocessed pictures [n, 3, h, w].

    `executable` is a variant of `prepared`, as `executable(prepared, format, calibration, device)` makes it: nothing is
    lowered here. What `device` computes is measured against FP32 on the CPU.
    """
    exact = run_float(prepared.graph, x)
    found = _values(prepared, executable, x.to(device))
    return tuple(
        LayerNoise(node.layer, node.kind, decibels(exact[node.name], found[node.name].cpu()))
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


def _values(prepared: Prepared, executable: Executable, x: Tensor) -> Mapping[str, Tensor]:
    """Every edge as real numbers: from the integers of its program, or in the float type; FP32 on CUDA means FP32."""
    program = executable.program
    if program is None:
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            return run_float(prepared.graph, x.to(getattr(torch, executable.dtype)))
    integers = reference.run(program, x)
    return {name: reference.real(q, program.edges[name]) for name, q in integers.items()}
