"""Accuracy against weight memory: mixed assignments of bits beside uniform widths, and FP32."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.style import GRID, NEUTRAL, VIOLET, figure, look, size
from core.formats import number_format
from core.sweeps.layers.records import Point

HEIGHT = 400  # pixels
KEPT = 95.0  # percent of FP32's answers on the search pictures
BELOW = 1.5  # percentage points from an interval to the name under it
HEADROOM = 10.0  # percentage points above and below all points, where names are written


def chart(points: Sequence[Point], network: str) -> go.Figure:
    """A line for the mixed assignments, a marker for each uniform width, FP32 across; with 95 % intervals.

    Accuracy is Top-1, or the agreement with FP32 where no class is known.
    """
    drawn = figure(finding(points), f"{network}: accuracy against the memory of the weights", HEIGHT)
    shown = _scored(points)
    for point in shown:
        if point.kind == "fp32":
            _add_baseline(drawn, point)
    uniform, mixed = _of(shown, "uniform"), _of(shown, "mixed")
    if uniform:
        drawn.add_trace(_uniform(uniform))
    if mixed:
        drawn.add_trace(_mixed(mixed))
    if uniform:
        drawn.add_trace(_names(uniform))
    if shown:
        _set_axes(drawn, shown)
    return drawn


def finding(points: Sequence[Point]) -> str:
    """Such as "Mixed bits in 59.18 kB keep 95 % of FP32's answers on the search pictures; on others their Top-1 is …".

    What is scored chooses nothing: the assignment is named by the search pictures, the uniform width beside it by its memory.
    """
    shown = _scored(points)
    baseline, mixed = _of(shown, "fp32"), _of(shown, "mixed")
    if not baseline or not mixed:
        return "No mixed assignment has been scored yet"
    goal = f"{KEPT:.0f} % of FP32's answers on the search pictures"
    named = next((point for point in mixed if point.searched is not None and point.searched >= KEPT), None)
    if named is None:
        return f"No mixed bits keep {goal}"
    nearest = sorted(_of(shown, "uniform"), key=lambda point: abs(point.weight_bytes - named.weight_bytes))[:1]
    others = "".join(f", {_title(point)}'s in {_bytes(point)} {_percent(point)}" for point in (*nearest, *baseline))
    measured = "Top-1" if named.top1 else "agreement with FP32"
    return f"Mixed bits in {_bytes(named)} keep {goal}; on others their {measured} is {_percent(named)}{others}"


def alt(points: Sequence[Point]) -> str:
    """The chart in words, for people who do not see it."""
    said = "; ".join(f"{_title(point)} {_bytes(point)}, {_value(point):.2f} %" for point in _scored(points))
    return f"Chart of accuracy against the memory of the weights. {finding(points)}. {said}."


def _scored(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if point.agreement is not None]


def _of(points: Sequence[Point], kind: str) -> list[Point]:
    return sorted((point for point in points if point.kind == kind), key=lambda point: point.weight_bytes)


def _value(point: Point) -> float:
    return point.top1.percent if point.top1 else point.agreement or 0.0


def _percent(point: Point) -> str:
    """With its 95 % interval where it has one."""
    limits = "" if point.top1 is None else f" ({point.top1.low:.2f} to {point.top1.high:.2f})"
    return f"{_value(point):.2f} %{limits}"


def _title(point: Point) -> str:
    return number_format(point.format).title if point.format else "Mixed"


def _bytes(point: Point) -> str:
    return size(point.weight_bytes)


def _set_axes(drawn: go.Figure, shown: Sequence[Point]) -> None:
    """Round the points, with room for the names beside them; FP32, whose memory is far off, lies across."""
    sizes = [point.weight_bytes / 1e3 for point in shown if point.kind != "fp32"]
    values = [_value(point) for point in shown]
    measured = "Top-1" if any(point.top1 for point in shown) else "First answers that are FP32's"
    drawn.update_xaxes(title_text="Memory of the weights (kB, 10³ bytes)")
    drawn.update_yaxes(title_text=f"{measured} (%)", range=[min(values) - HEADROOM, max(values) + HEADROOM])
    if sizes:
        drawn.update_xaxes(range=[0.8 * min(sizes), 1.2 * max(sizes)])


def _add_baseline(drawn: go.Figure, point: Point) -> None:
    if point.top1 is not None:
        drawn.add_hrect(y0=point.top1.low, y1=point.top1.high, fillcolor=GRID, line_width=0, layer="below")
    words = f"FP32, {_bytes(point)}: {_value(point):.2f} %"
    line = {"color": NEUTRAL, "dash": "dash", "width": 1.5}
    drawn.add_hline(y=_value(point), line=line, layer="below", name=words, showlegend=True)


def _uniform(points: Sequence[Point]) -> go.Scatter:
    looks = [look(point.format) for point in points]
    return _scatter(
        points,
        "Uniform widths",
        mode="lines+markers",
        line={"color": NEUTRAL, "width": 1, "dash": "dot"},
        marker={"color": [own.colour for own in looks], "symbol": [own.marker for own in looks], "size": 10},
    )


def _names(points: Sequence[Point]) -> go.Scatter:
    """Below the intervals, over all lines: mixed bits are more accurate in the same memory, and so lie above."""
    return go.Scatter(
        x=[point.weight_bytes / 1e3 for point in points],
        y=[(point.top1.low if point.top1 else _value(point)) - BELOW for point in points],
        mode="text",
        text=[_title(point) for point in points],
        textposition="bottom center",
        hoverinfo="skip",
        showlegend=False,
    )


def _mixed(points: Sequence[Point]) -> go.Scatter:
    return _scatter(
        points,
        "Mixed bits, activations of 8",
        mode="lines+markers",
        line={"color": VIOLET, "width": 1.5},
        marker={"color": VIOLET, "symbol": "circle", "size": 8},
    )


def _scatter(points: Sequence[Point], name: str, **details: object) -> go.Scatter:
    values = [_value(point) for point in points]
    above = [point.top1.high - value if point.top1 else 0.0 for point, value in zip(points, values, strict=True)]
    below = [value - point.top1.low if point.top1 else 0.0 for point, value in zip(points, values, strict=True)]
    return go.Scatter(
        x=[point.weight_bytes / 1e3 for point in points],
        y=values,
        error_y={"array": above, "arrayminus": below, "thickness": 1, "width": 3, "color": NEUTRAL},
        name=name,
        customdata=[[_title(point), f"{point.agreement:.2f}", _said(point)] for point in points],
        hovertemplate="%{customdata[0]}: %{y:.2f} % in %{x:.2f} kB, agrees with FP32 in %{customdata[1]} %"
        "<br>%{customdata[2]}<extra></extra>",
        **details,
    )


def _said(point: Point) -> str:
    """Which widths the layers have: "2 to 8 bits"."""
    low, high = min(point.bits.values()), max(point.bits.values())
    return f"{low} bits" if low == high else f"{low} to {high} bits"
