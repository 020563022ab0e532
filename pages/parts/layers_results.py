"""What a job of layers found: the cost of each layer alone, and accuracy against the memory of mixed widths."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

import streamlit as st

from core.charts import pareto, sensitivity
from core.charts.style import sizes
from core.datasets.matching import unmatched_sentence
from core.datasets.survey import unreadable_sentence
from core.formats import number_format
from core.models.catalog import architecture
from core.sweeps.layers.export import to_json
from core.sweeps.layers.found import Found
from core.sweeps.layers.records import Point
from pages.parts import chart, tables
from pages.parts.session import literal

ALONE = "Mean Kullback-Leibler divergence from FP32's answers in nats, with this layer alone at so many bits and all others at "
ALONE += "16: 0 says that nothing changed."
FRONT = {
    "Weights": "FP32, all layers alike, or bits of its own for each layer. Values between the layers have 8 bits.",
    "Memory": "Of the weights, each layer's packed at its own width.",
    "Pictures": "That chose nothing: the search has not seen them.",
    "Top-1 %": "How often the first answer is right.",
    "95 % interval": "Wilson's interval of Top-1.",
    "As FP32 %": "How often the first answer is the same as FP32's.",
    "Searched %": "The same on the pictures of the search, which alone may choose among these lines.",
    "Bits of each layer": "In the network's order.",
    "Arithmetic": "How it was computed.",
}


def draw(now: Found, name: str) -> None:
    """Of a job that stands still; `name` is what its file is called."""
    partial(now)
    st.download_button(
        "JSON",
        lambda: to_json(now.plan, now.store, now.conditions),
        f"layers-{name}.json",
        "application/json",
        on_click="ignore",
    )


def partial(now: Found) -> None:
    if now.sensitivity:
        _alone(now)
    if now.front:
        _front(now)
    _notes(now)


def _alone(now: Found) -> None:
    widths = sorted({one.bits for one in now.sensitivity if one.layer})
    rows = [one for one in now.sensitivity if one.layer]
    lines = []
    for layer, group in groupby(rows, key=lambda one: one.title):
        cells = {one.bits: f"{one.found.divergence:.4f}" for one in group}
        lines.append([escape(layer), *(cells.get(width, "") for width in widths)])
    base = [f"{one.found.divergence:.4f}" for one in now.sensitivity if not one.layer]
    caption = f"Each layer alone, on {now.conditions.searched_pictures:,} pictures of {now.conditions.searched}"
    if base:
        caption += f"; with all layers at 16 bits the divergence is {base[0]}"
    headings = {"Layer": "As the network calls it."} | {f"{width} bits": ALONE for width in widths}
    st.header("One layer at a time")
    if rows:
        found = now.sensitivity
        chart.draw(sensitivity.chart(found, _network(now)), sensitivity.alt(found), "chart_sensitivity")
    with st.expander("The figures, layer by layer"):
        st.html(tables.html(caption, headings, {"": lines}))
        st.caption(ALONE)


def _front(now: Found) -> None:
    caption = f"Accuracy and memory, on {now.conditions.scored_pictures:,} pictures of {now.conditions.scored}"
    titles = {"fp32": "", "uniform": "All layers alike", "mixed": "Bits of its own for each layer"}
    groups: dict[str, list[list[str]]] = {}
    for point, size in zip(now.front, sizes([point.weight_bytes for point in now.front]), strict=True):
        groups.setdefault(titles[point.kind], []).append(_line(point, size))
    st.header("Bits of its own for each layer")
    if any(point.images for point in now.front):
        chart.draw(pareto.chart(now.front, _network(now)), pareto.alt(now.front), "chart_pareto")
    st.html(tables.html(caption, FRONT, groups))


def _line(point: Point, size: str) -> list[str]:
    name = tables.signed(point.format, number_format(point.format).title) if point.format else "mixed"
    return [
        name,
        size,
        f"{point.images:,}",
        "" if point.top1 is None else tables.two(point.top1.percent),
        "" if point.top1 is None else f"{point.top1.low:.2f} to {point.top1.high:.2f}",
        tables.two(point.agreement),
        tables.two(point.searched),
        " ".join(map(str, point.bits.values())) if point.kind == "mixed" else "",
        f"{point.engine}, {point.arithmetic}",
    ]


def _network(now: Found) -> str:
    return architecture(now.conditions.network).title


def _notes(now: Found) -> None:
    for words in _sentences(now):
        st.caption(literal(words))


def _sentences(now: Found) -> Iterator[str]:
    conditions = now.conditions
    if now.unreadable:
        pictures = conditions.searched_pictures + conditions.scored_pictures
        yield f"{unreadable_sentence(now.unreadable, pictures)} {now.unreadable[0].reason}"
    if conditions.unmatched:
        yield unmatched_sentence(conditions.unmatched, conditions.classes)
    if conditions.left_out:
        yield f"Left out, since the classes do not depend on them: {', '.join(conditions.left_out)}."
    yield from conditions.notes
    if conditions.preliminary:
        yield "Preliminary: the fractional lengths of some widths were not searched for."
