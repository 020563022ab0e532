"""Which format to take: the cheapest of each network that keeps so much of FP32's accuracy."""

from __future__ import annotations

import streamlit as st

from core.sweeps.recommend import recommend
from core.sweeps.rows import Table
from pages.parts.session import literal


def draw(found: Table) -> None:
    if not any(detail.pairs for detail in found.details) or all(row.top1 is None for row in found.rows):
        return  # nothing was compared with FP32, or nothing has labels
    st.header("Which format to take")
    percent = st.number_input(
        "Must keep, % of FP32's Top-1",
        50.0,
        100.0,
        99.0,
        step=0.1,
        format="%.1f",
        key="keep",
        bind="query-params",
        width=220,
        help="The cheapest format that keeps it beyond this sample: fewest bytes of weights, then fewest bits of activations.",
    )
    several = len({row.weights for row in found.rows}) > 1
    for one in recommend(found, round(percent / 100, 6)):
        weights = f"Weights {one.weights}: " if several else ""
        st.markdown(literal(f"{weights}{one.sentence}"))
        if one.lines:
            st.caption("\n".join(f"- {literal(line)}" for line in one.lines))
