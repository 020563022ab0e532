"""Are the answers as sure as they are right? Mean confidence against Top-1, format by format."""

from __future__ import annotations

from collections.abc import Iterator

import plotly.graph_objects as go

from core.charts.style import NEUTRAL, figure, marker
from core.models.catalog import architecture
from core.sweeps.rows import Detail, Row, Table
from core.variant import Variant

HEIGHT = 280  # pixels
LEGEND = 12  # pixels for each marker's name, two of which stand side by side


def chart(found: Table) -> go.Figure:
    """A marker for each of one network's variants; on the line, answers are as sure as they are right."""
    title = architecture(found.rows[0].network).title
    drawn = figure(finding(found), f"{title}: mean confidence against Top-1", HEIGHT + LEGEND * len(found.rows))
    ends = _range(found)
    drawn.add_shape(type="line", x0=ends[0], y0=ends[0], x1=ends[1], y1=ends[1], line={"color": NEUTRAL}, layer="below")
    for row, detail in _known(found):
        drawn.add_trace(_marker(row, detail))
    drawn.update_xaxes(title_text="Top-1, % of pictures", range=ends)
    drawn.update_yaxes(title_text="Mean confidence, %", range=ends)
    return drawn


def drawable(found: Table) -> bool:
    return any(True for _ in _known(found))


def finding(found: Table) -> str:
    """Such as "FIXED-4 is furthest off: 12.31 points more sure than right"."""
    row, detail = max(_known(found), key=lambda one: abs(_surplus(*one)))
    surplus = _surplus(row, detail)
    if round(abs(surplus), 2) == 0:
        return "Every format is as sure as it is right"
    return f"{row.title} is furthest off: {abs(surplus):.2f} points {'more' if surplus > 0 else 'less'} sure than right"


def alt(found: Table) -> str:
    """The chart in words, for people who do not see it."""
    points = "; ".join(
        f"{row.title} Top-1 {row.top1:.2f}, confidence {detail.confidence:.2f}, calibration error "
        f"{detail.calibration_error:.2f} points"
        for row, detail in _known(found)
    )
    return f"Scatter plot of mean confidence against Top-1, in percent. {finding(found)}. {points}."


def _known(found: Table) -> Iterator[tuple[Row, Detail]]:
    for row, detail in zip(found.rows, found.details, strict=True):
        if row.top1 is not None and detail.confidence is not None:
            yield row, detail


def _surplus(row: Row, detail: Detail) -> float:
    return (detail.confidence or 0.0) - (row.top1 or 0.0)


def _range(found: Table) -> list[float]:
    """The same on both axes, so that the line is the diagonal; a tenth of it stays free around the markers."""
    values = [value for row, detail in _known(found) for value in (row.top1 or 0.0, detail.confidence or 0.0)]
    spare = max(2.0, 0.1 * (max(values) - min(values)))
    return [min(values) - spare, max(values) + spare]


def _marker(row: Row, detail: Detail) -> go.Scatter:
    return go.Scatter(
        name=row.title,
        x=[row.top1],
        y=[detail.confidence],
        mode="markers",
        marker=marker(Variant(row.network, row.weights, row.format, row.regime), 11),
        customdata=[detail.calibration_error],
        hovertemplate="Top-1 %{x:.2f} %, confidence %{y:.2f} %, calibration error %{customdata:.2f} points"
        "<extra>" + row.title + "</extra>",
    )
