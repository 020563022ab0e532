"""Are the answers as sure as they are right? Mean confidence against Top-1, format by format."""

from __future__ import annotations

from collections.abc import Iterator

import plotly.graph_objects as go

from core.charts.style import NEUTRAL, figure, marker
from core.models.catalog import architecture
from core.sweeps.rows import Detail, Row, Table, is_baseline
from core.variant import Variant

HEIGHT = 280  # pixels
LARGEST, SMALLEST = 20, 8  # of the first marker and the last, so that equal ones lie in one another
LEGEND = 12  # pixels for each marker's name, two of which stand side by side


def chart(found: Table) -> go.Figure:
    """A marker for each of one network's variants; on the line, answers are as sure as they are right."""
    title = architecture(found.rows[0].network).title
    shown = f"{title}: mean confidence against Top-1; size only keeps markers apart"
    drawn = figure(finding(found), shown, HEIGHT + LEGEND * len(found.rows))
    ends = _range(found)
    drawn.add_shape(type="line", x0=ends[0], y0=ends[0], x1=ends[1], y1=ends[1], line={"color": NEUTRAL}, layer="below")
    known = list(_known(found))
    for place, (row, detail) in enumerate(known):
        drawn.add_trace(_marker(row, detail, LARGEST - (LARGEST - SMALLEST) * place // max(1, len(known) - 1)))
    drawn.update_xaxes(title_text="Top-1, % of pictures", range=ends)
    drawn.update_yaxes(title_text="Mean confidence, %", range=ends)
    return drawn


def drawable(found: Table) -> bool:
    return any(True for _ in _known(found))


def finding(found: Table) -> str:
    """Of the format whose gap is least like FP32's: "FIXED-4 is 12.31 points more sure than right, FP32 2.10 less"."""
    known = list(_known(found))
    before = next((one for one in known if is_baseline(one[0])), None)
    others = [one for one in known if one is not before]
    base = 0.0 if before is None else _surplus(*before)
    worst = max(others or known, key=lambda one: abs(_surplus(*one) - base))
    if before is None or worst is before:
        return f"{worst[0].title} is {_gap(_surplus(*worst))} than right"
    if round(abs(_surplus(*worst) - base), 2) == 0:
        return f"Every format is as sure as FP32, which is {_gap(base)} than right"
    return f"{worst[0].title} is {_gap(_surplus(*worst))} than right, FP32 {_gap(base)}"


def _gap(surplus: float) -> str:
    """Before "than right"."""
    return f"{abs(surplus):.2f} points {'less' if surplus < 0 else 'more'} sure"


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


def _marker(row: Row, detail: Detail, size: int) -> go.Scatter:
    return go.Scatter(
        name=row.title,
        x=[row.top1],
        y=[detail.confidence],
        mode="markers",
        marker=marker(Variant(row.network, row.weights, row.format, row.regime), size),
        customdata=[detail.calibration_error],
        hovertemplate="Top-1 %{x:.2f} %, confidence %{y:.2f} %, calibration error %{customdata:.2f} points"
        "<extra>" + row.title + "</extra>",
    )
