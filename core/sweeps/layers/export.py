"""What a job of layers found as a document for programs and as text for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from core.files import as_text
from core.formats import number_format
from core.sweeps.layers.plan import LayersPlan
from core.sweeps.layers.records import LayersConditions, Point, Sensitivity
from core.sweeps.layers.store import LayersStore
from core.sweeps.naming import without_folders

SCHEMA = 1
CELL = 26  # columns of text


def document(plan: LayersPlan, store: LayersStore, conditions: LayersConditions) -> dict[str, Any]:
    """The findings, and all that it takes to find them again, without this machine's folders; keys are only ever added."""
    weights = without_folders(plan.weights)
    plan = replace(plan, data=without_folders(plan.data), weights=weights)
    conditions = replace(conditions, weights=weights)
    return {
        "schema": SCHEMA,
        "command": "layers",
        "job": store.job,
        "plan": json.loads(plan.to_json()),
        "conditions": json.loads(conditions.to_json()),
        "unreadable": [asdict(one) for one in store.unreadable()],
        "sensitivity": [asdict(one) for one in store.sensitivity()],
        "path": [asdict(one) for one in store.path()],
        "front": [asdict(one) for one in store.front()],
    }


def to_json(plan: LayersPlan, store: LayersStore, conditions: LayersConditions) -> str:
    return as_text(json.dumps(document(plan, store, conditions), indent=2, ensure_ascii=False))


def to_text(store: LayersStore, conditions: LayersConditions) -> str:
    """Two tables with what a reader must know of them."""
    sensitivity, front = store.sensitivity(), store.front()
    how = f"{conditions.engine}, {conditions.arithmetic}"
    parts = [
        "Each layer alone at so many bits, its weights and its output, all else at 16: mean KL divergence from FP32's "
        f"answers in nats,\nwith its 95 % interval, over {sensitivity[0].found.pictures:,} pictures of {conditions.searched} "
        f"({how}).",
        _alone(sensitivity),
        f"Weight memory and accuracy on {conditions.scored}, whose pictures chose nothing. Activations have 8 bits but in FP32.\n"
        "Agrees: with FP32's first answers there; searched: on the pictures of the search, which alone may choose a line.",
        _front(front),
    ]
    if conditions.left_out:
        parts.append(f"Left out, since the classes do not depend on it: {', '.join(conditions.left_out)}.")
    if conditions.preliminary:
        parts.append("Preliminary: some fractional lengths were not searched for.")
    return "\n\n".join(parts)


def _alone(found: Sequence[Sensitivity]) -> str:
    """A line for each layer: the divergence and its 95 % interval for each width."""
    baseline, rows = found[0], found[1:]
    widths = sorted({row.bits for row in rows})
    by_layer = {row.title: {one.bits: one for one in rows if one.title == row.title} for row in rows}
    heading = f"{'layer':<28}" + "".join(f"{f'{bits} bits':>{CELL}}" for bits in widths)
    lines = [f"{title:<28}" + "".join(_cell(cells.get(bits)) for bits in widths) for title, cells in by_layer.items()]
    return "\n".join([heading, *lines, f"{'all at 16 bits':<28}{_cell(baseline)}"])


def _cell(found: Sensitivity | None) -> str:
    if found is None:
        return " " * CELL
    close = found.found
    return f"{f'{close.divergence:.4f} ({close.low:.4f} - {close.high:.4f})':>{CELL}}"


def _front(found: Sequence[Point]) -> str:
    heading = (
        f"{'weights':<9}{'bytes':>12}{'images':>8}{'Top-1 %':>9}{'95 % interval':>16}{'agrees %':>10}{'searched %':>12}"
    )
    return "\n".join([heading + "  bits of each layer; engine, arithmetic", *map(_line, found)])


def _line(point: Point) -> str:
    title = number_format(point.format).title if point.format else "mixed"
    top1 = "" if point.top1 is None else f"{point.top1.percent:.2f}"
    limits = "" if point.top1 is None else f"{point.top1.low:.2f} - {point.top1.high:.2f}"
    agrees = "" if point.agreement is None else f"{point.agreement:.2f}"
    bits = " ".join(map(str, point.bits.values())) if point.kind == "mixed" else str(next(iter(point.bits.values())))
    searched = "" if point.searched is None else f"{point.searched:.2f}"
    scored = f"{point.images:>8,}{top1:>9}{limits:>16}{agrees:>10}{searched:>12}"
    return f"{title:<9}{point.weight_bytes:>12,}{scored}  {bits}; {point.engine}, {point.arithmetic}"
