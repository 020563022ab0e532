"""A sweep's charts: accuracy of everything, then one network's bit widths and confidence."""

from __future__ import annotations

import streamlit as st

from core.charts import accuracy, bit_width, calibration
from core.models.catalog import architecture
from core.sweeps.rows import Table
from pages.parts.details import BARE


def draw(found: Table) -> None:
    if not any(row.images for row in found.rows):
        return
    st.header("Charts")
    st.plotly_chart(accuracy.chart(found), alt=accuracy.alt(found), key="chart_accuracy", config=BARE)
    one = _one(found)
    drawn = [kind for kind in (bit_width, calibration) if kind.drawable(one)]
    for place, kind in zip(st.columns(2), drawn, strict=False):
        place.plotly_chart(kind.chart(one), alt=kind.alt(one), key=f"chart_{kind.__name__}", config=BARE)


def _one(found: Table) -> Table:
    """The part of the table with one network and weights, which is chosen where there are several."""
    parts = {_title(part): part for part in found.by_network}
    if len(parts) == 1:
        return found
    name = st.segmented_control(
        "Network", list(parts), default=next(iter(parts)), required=True, key="chart_network", bind="query-params"
    )
    return parts[str(name)]


def _title(part: Table) -> str:
    return f"{architecture(part.rows[0].network).title}, {part.rows[0].weights}"
