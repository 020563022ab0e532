"""The front on pictures that chose nothing: FP32, the uniform widths, and what the search found, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from core.engines import floats, reference
from core.errors import DataError
from core.formats import number_format
from core.quantization.lower import weight_bytes
from core.quantization.mixed import Mixed
from core.sweeps.batches import Batch, ahead, prepare
from core.sweeps.begin import truths
from core.sweeps.layers.begin import Begun
from core.sweeps.layers.records import Kind, Step
from core.sweeps.layers.search import thinned
from core.sweeps.layers.store import LayersStore
from core.sweeps.layers.subject import BASE
from core.sweeps.outcomes import outcomes


@dataclass(frozen=True)
class Unscored:
    """A point of core.sweeps.layers.records before anything was run."""

    kind: Kind
    format: str
    weight_bytes: int
    bits: dict[str, int]
    engine: str = reference.NAME
    arithmetic: str = reference.ARITHMETIC


def points(begun: Begun, path: Sequence[Step]) -> list[Unscored]:
    """FP32 first; then weights of 2 to 8 bits with activations of 8; then the search's, thinned by the search alone."""
    subject, fp32 = begun.subject, number_format("fp32")
    names = [layer.name for layer in subject.layers]
    floating = weight_bytes(subject.graph, fp32)
    found = [Unscored("fp32", fp32.name, floating, dict.fromkeys(names, 32), floats.NAME, floats.ARITHMETIC)]
    for bits in range(2, BASE.weight_bits + 1):
        format = BASE if bits == BASE.weight_bits else number_format(f"w{bits}a{BASE.activation_bits}")
        program = subject.mixed((bits,) * len(names))
        found.append(Unscored("uniform", format.name, program.weight_bytes, dict.fromkeys(names, bits)))
    mixed = [Unscored("mixed", "", one.weight_bytes, dict(subject.by_name(one.bits))) for one in thinned(path)]
    return [*found, *mixed]


def score(begun: Begun, store: LayersStore, begin: float, tell: Callable[[float], None]) -> None:
    """Every point on every batch that it has not been run on; `begin` is the share of all work that was done before.

    Raises DataError where no picture can be read.
    """
    todo, finished = list(store.found("points").values()), set(store.found("scored"))
    size, like = begun.conditions.batch, begun.prepared.loaded.preprocessing
    parts = [begun.scored[place : place + size] for place in range(0, len(begun.scored), size)]
    cells = {number: [_cell(point, number) for point in range(len(todo))] for number in range(len(parts))}
    open_parts = [number for number, names in cells.items() if not finished.issuperset(names)]
    makers = (partial(prepare, begun.sets.scored, number, parts[number], [like]) for number in open_parts)
    total, done = len(parts) * len(todo), len(finished)
    for batch in ahead(makers):
        store.skip(batch.skipped, "test")
        for name, point in zip(cells[batch.number], todo, strict=True):
            if name not in finished:
                done += 1
                share = begin + (1 - begin) * done / total
                store.record("scored", {name: _run(begun, point, batch)}, share)
                tell(share)
    if not any(store.found("scored").values()):
        raise DataError("None of the pictures can be read.", "Check the files, and that they are pictures.")


def _cell(point: int, batch: int) -> str:
    return f"{point:04d}/{batch:06d}"


def _run(begun: Begun, point: dict[str, Any], batch: Batch) -> list[Any]:
    """The outcomes of one point on one batch, as rows."""
    if not batch.pictures:
        return []
    pictures = np.array(batch.pictures, np.int64)
    truth = truths(begun.sets.scored, batch.pictures, begun.conditions.labels)
    x = batch.inputs[begun.prepared.loaded.preprocessing]
    scores = begun.fp32.run(x)[0] if point["kind"] == "fp32" else _integer(begun, point, x)
    return outcomes(scores, pictures, truth).rows()


def _integer(begun: Begun, point: dict[str, Any], x: Tensor) -> Tensor:
    program = begun.subject.program(Mixed(BASE, point["bits"]))
    return reference.outputs(program, reference.run(program, x))[0]
