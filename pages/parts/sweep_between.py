"""Two sweeps side by side: what both have run, and whether they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain

import streamlit as st

from core.models.catalog import architecture
from core.sweeps.between import Between, Difference, between
from core.sweeps.history import Found
from core.sweeps.statistics import written
from core.variant import Variant
from pages.parts import tables
from pages.parts.session import literal

HEADINGS = {
    "Format": "The number format and regime that both have run.",
    "Pictures": "How many the figures are of, here and there.",
    "Top-1 % here": "How often the first answer is right in the sweep that is shown.",
    "there": "The same in the sweep that it is compared with.",
    "Points": "The second less the first.",
    "p": "McNemar's exact test, where both have answered the same pictures.",
    "Same answer %": "How often both give the same first answer.",
    "What else differs": "Between the two runs, beside the pictures.",
}


def draw(found: Found, others: Mapping[str, str], find: Callable[[str], Found | None]) -> None:
    """`others` are the sweeps to compare with, by name with their titles."""
    if not others:
        return
    st.header("Beside another sweep")
    name = st.selectbox(
        "Compare with", list(others), index=None, format_func=others.__getitem__, placeholder="none", key="beside"
    )
    other = find(name) if name else None
    if other is not None:
        _table(between(found.results, other.results))
    elif name:
        st.info("It has no results yet.")


def _table(found: Between) -> None:
    if found.reason:
        st.caption(literal(found.reason))
    groups: dict[str, list[list[str]]] = {}
    for row in found.rows:
        groups.setdefault(f"{architecture(row.network).title}, weights {row.weights}", []).append(_line(row))
    if groups:
        paired = "paired, on the pictures that both have answered" if not found.reason else "each on its own pictures"
        st.html(tables.html(f"What both have run, {paired}", HEADINGS, groups))
    else:
        st.info("The two have no variant in common.")
    for place, titles in zip(("here", "there"), found.alone, strict=True):
        if titles:
            st.caption(literal(f"Only {place}: {', '.join(titles)}."))


def _line(row: Difference) -> list[str]:
    first, second = row.images
    here, there = row.top1
    title = Variant(row.network, row.weights, row.format, row.regime).title
    return [
        tables.signed(row.format, title),
        f"{first:,}" if first == second else f"{first:,} and {second:,}",
        tables.two(here),
        tables.two(there),
        "" if row.points is None else f"{row.points:+.2f}",
        written(row.p_value),
        tables.two(row.agreement),
        "; ".join(chain(row.changed)),
    ]
