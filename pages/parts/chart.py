"""A chart with its finding above it, as text that breaks where the page does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.session import literal

if TYPE_CHECKING:
    import plotly.graph_objects as go

BARE = {"displayModeBar": False}  # on a phone the bar would lie over the chart


def draw(drawn: go.Figure, alt: str, key: str) -> None:
    """`drawn` is made by core.charts.style; `alt` says it to those who do not see it."""
    said = drawn.layout.meta
    with st.container(gap="xsmall"):
        st.markdown(f"**{literal(said['finding'])}**")
        st.caption(literal(said["drawn"]))
        st.plotly_chart(drawn, alt=alt, key=key, config=BARE)
