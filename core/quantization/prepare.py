"""From loaded weights to something that runs: fold, trace, calibrate, lower, and choose the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor, fx

from core.engines import floats, reference
from core.engines.program import FLOAT_ISLANDS, Program
from core.formats import NumberFormat
from core.models.weights import LoadedNetwork
from core.quantization import affine, fixed_point, lower
from core.quantization.affine import Scale
from core.quantization.calibrators import calibrator
from core.quantization.fixed_point import ENOUGH_BITS, Lengths
from core.quantization.graph import Graph, fold, trace
from core.quantization.statistics import Statistics
from core.variant import Calibration

Quantizers = Lengths | Mapping[str, Scale]


@dataclass(frozen=True)
class Prepared:
    """A network once loaded: batch norm folded, and its graph.

    `statistics` reads or computes the calibration statistics when a quantized format first asks, so that float formats need
    not wait for them.
    """

    loaded: LoadedNetwork
    folded: fx.GraphModule
    graph: Graph
    statistics: Callable[[], Statistics]


@dataclass(frozen=True)
class Executable:
    """A variant ready to run: real inputs [n, 3, side, side] to real outputs in float64.

    `weight_bytes` is what the format needs for the weights, packed; `held_bytes` what keeping this executable costs here
    beside the prepared network: nothing in FP32 on the CPU, which runs that network itself. `program` is what
    the engine runs, None where torch runs the network in the float type `dtype`.
    """

    run: Callable[[Tensor], tuple[Tensor, ...]]
    engine: str
    arithmetic: str
    weight_bytes: int
    floats: tuple[str, ...]
    calibrated: str
    preliminary: bool = False
    held_bytes: int = 0
    dtype: str = "float32"
    program: Program | None = None


def prepare(loaded: LoadedNetwork, statistics: Callable[[LoadedNetwork, Graph], Statistics]) -> Prepared:
    """`statistics` reads or computes those of a network and its graph; it is called once at most."""
    # As the FP32 engine wants it, and before the graph takes the weights: network and graph share one copy of them.
    folded = fold(loaded.module).to(memory_format=torch.channels_last)
    loaded = replace(loaded, module=folded)  # the weights as they were loaded need not stay
    graph = trace(folded, loaded.preprocessing.side)
    return Prepared(loaded, folded, graph, cache(lambda: statistics(loaded, graph)))


def executable(prepared: Prepared, format: NumberFormat, calibration: Calibration, device: str = "cpu") -> Executable:
    """Float formats run natively; FIXED-N and INT8 as a program on the reference engine."""
    if format.dtype is not None:
        return _native(prepared, format, format.dtype, device)
    chosen, words, preliminary = quantizers(prepared, format, calibration)
    program = lower.lower(prepared.graph, chosen, format)
    return Executable(
        run=lambda x: reference.outputs(program, reference.run(program, x.to(device))),
        engine=reference.NAME,
        arithmetic=reference.ARITHMETIC,
        weight_bytes=program.weight_bytes,
        floats=program.floats,
        calibrated=words,
        preliminary=preliminary,
        held_bytes=program.held_bytes,
        program=program,
    )


def _native(prepared: Prepared, format: NumberFormat, dtype: str, device: str) -> Executable:
    network = floats.convert(prepared.folded, dtype, device)
    return Executable(
        run=lambda x: floats.run(network, x),
        engine=floats.NAME,
        arithmetic=floats.ARITHMETIC,
        weight_bytes=lower.weight_bytes(prepared.graph, format),
        floats=tuple(FLOAT_ISLANDS),
        calibrated="",
        held_bytes=0 if network is prepared.folded else floats.held_bytes(network),
        dtype=dtype,
    )


def quantizers(prepared: Prepared, format: NumberFormat, calibration: Calibration) -> tuple[Quantizers, str, bool]:
    """The chosen lengths or scales, how they were chosen in words, and whether a search that was asked for is missing."""
    rule, statistics = calibrator(calibration.calibrator), prepared.statistics()
    words = f"{rule.title[0].lower()}{rule.title[1:]} over {statistics.pictures}"
    if format.kind == "affine":
        return affine.nearest_scales(statistics.ranges, rule), words, False
    bits = (format.weight_bits, format.activation_bits)
    wanted = calibration.search and min(bits) < ENOUGH_BITS
    found = statistics.composed(*bits) if wanted else None
    if found is not None:
        composed = "" if bits[0] == bits[1] else ", composed"
        cut_off = "" if found.complete else ", ended by its time limit"
        return found, f"greedy search{composed} over {statistics.searched_on}{cut_off}", False
    if wanted:
        words += "; preliminary: not yet searched"
    elif calibration.search:
        words += f"; no search: {ENOUGH_BITS} bits and more need none"
    return fixed_point.nearest_lengths(prepared.graph, statistics.ranges, *bits, rule), words, wanted
