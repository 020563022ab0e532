"""A sweep's charts: accuracy of everything, then one network's bit widths and confidence."""

from __future__ import annotations

import streamlit as st

from core.charts import accuracy, bit_width, calibration
from core.models.catalog import architecture
from core.sweeps.rows import Table
from pages.parts import chart


def draw(found: Table) -> None:
    if not any(row.images for row in found.rows):
        return
    st.header("Charts")
    chart.draw(accuracy.chart(found), accuracy.alt(found), "chart_accuracy")
    one = _one(found)
    drawn = [kind for kind in (bit_width, calibration) if kind.drawable(one)]
    for place, kind in zip(st.columns(2), drawn, strict=False):
        with place:
            chart.draw(kind.chart(one), kind.alt(one), f"chart_{kind.__name__}")


def _one(found: Table) -> Table:
    """The part of the table with one network and weights, which is chosen where there are several."""
    owners = found.by_network
    several = len({part.rows[0].weights for part in owners}) > 1
    parts = {_title(part, several): part for part in owners}
    if len(parts) == 1:
        return found
    name = st.segmented_control(
        "Network", list(parts), default=next(iter(parts)), required=True, key="chart_network", bind="query-params"
    )
    return parts[str(name)]


def _title(part: Table, several: bool) -> str:
    """With the weights' name where there are several: a phone has no room for what all have alike."""
    title = architecture(part.rows[0].network).title
    return f"{title}, {part.rows[0].weights}" if several else title
