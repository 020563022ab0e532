"""Two programs of one network that differ in a few layers: run the second from the first layer that differs on.

What lies before that layer has the same integers in both, bit for bit, and need not be computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor

from core.engines import reference
from core.engines.program import Program

Values = dict[str, Tensor]
SMALLEST = (torch.int8, torch.int16, torch.int32)


def unchanged(before: Program, after: Program) -> frozenset[str]:
    """The edges of `after` that hold the same integers as in `before`, whatever the input."""
    known, same = {operation.name: operation for operation in before.operations}, set[str]()
    for operation in after.operations:
        name = operation.name
        edges = (before.edges.get(name), after.edges[name])
        if same.issuperset(operation.inputs) and _equal(known.get(name), operation) and _equal(*edges):
            same.add(name)
    return frozenset(same)


def _equal(one: Any, other: Any) -> bool:
    """Dataclasses, field by field, since tensors have no one answer to ==."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if hasattr(one, "__dataclass_fields__"):
        alike = type(one) is type(other)
        return alike and all(_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    return bool(one == other)


@dataclass(frozen=True)
class Run:
    """`program` on real inputs in `batches`, with every edge's integers kept in the smallest types that hold them.

    `values` are those of each batch that is kept; batches beyond them are run whole again by `then`.
    """

    program: Program
    batches: Sequence[Tensor]
    values: Sequence[Values] = field(repr=False)
    outputs: Tensor = field(repr=False)

    def then(self, program: Program) -> Run:
        """Another program of the same network on the same inputs, equal to a run of its own."""
        names = unchanged(self.program, program)
        known = [{name: values[name] for name in names} for values in self.values]
        return _run(program, self.batches, known)


def run(program: Program, batches: Sequence[Tensor], most_bytes: int) -> Run:
    """`most_bytes` is how much memory the kept integers may take: the batches at the beginning that fit are kept."""
    each = [len(batch) * kept_bytes(program) for batch in batches]
    kept = sum(sum(each[: count + 1]) <= most_bytes for count in range(len(each)))
    return _run(program, batches, [{} for _ in range(kept)])


def kept_bytes(program: Program) -> int:
    """Of one picture's integers: an edge [24, 32, 32] of 8 bits takes 24,576 bytes."""
    return sum(_type(edge.low, edge.high).itemsize * torch.Size(edge.shape).numel() for edge in program.edges.values())


def _run(program: Program, batches: Sequence[Tensor], known: Sequence[Values]) -> Run:
    kept, outputs = list[Values](), list[Tensor]()
    for number, batch in enumerate(batches):
        found = reference.run(program, batch, known[number] if number < len(known) else {})
        answers = {name: found[name].double() for name in program.outputs}  # a kept integer times a scale is float32
        outputs.append(reference.outputs(program, answers)[0])
        if number < len(known):
            edges = program.edges
            kept.append({name: q.to(_type(edges[name].low, edges[name].high)) for name, q in found.items()})
    return Run(program, batches, kept, torch.cat(outputs))


def _type(low: int, high: int) -> torch.dtype:
    fits = (dtype for dtype in SMALLEST if torch.iinfo(dtype).min <= low and high <= torch.iinfo(dtype).max)
    return next(fits, torch.int64)
