"""Which classes suffer in a format: where it has fewer right answers than FP32, and what it takes them for."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.models.labels import labels
from core.sweeps.export import MOST_LOSING
from core.sweeps.rows import Detail
from core.sweeps.statistics import ClassChange
from pages.parts import tables

HEADINGS = {
    "Class": "The true class.",
    "Pictures": "How many of it there are.",
    "Right in FP32": "How many first answers were right.",
    "Right in it": "How many are right in this format.",
    "Lost": "Right in FP32 alone.",
    "Gained": "Right in this format alone.",
    "Mostly taken for": "What the lost ones are most often answered with.",
}


def draw(detail: Detail) -> None:
    if not detail.losing:
        return
    names = labels(detail.record.labels)
    lines = [_line(one, names) for one in detail.losing[:MOST_LOSING]]
    more = len(detail.losing) - len(lines)
    caption = f"The {len(lines)} classes that lose most" if more else "The classes that lose"
    st.html(tables.html(f"{caption}; {more} more lose some" if more else caption, HEADINGS, {"": lines}))


def _line(one: ClassChange, names: tuple[str, ...]) -> list[str]:
    counts = (one.images, one.before, one.after, one.lost, one.gained)
    taken = "" if one.taken_for is None else names[one.taken_for]
    return [escape(names[one.class_index]), *(f"{count:,}" for count in counts), taken]
