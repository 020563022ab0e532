"""Top-1 and Top-5 of every network, format and regime, with their intervals: the source's figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts.style import DARK, LIGHT, NEUTRAL, figure, look, outline_width
from core.models.catalog import architecture
from core.sweeps.rows import Row, Table, is_baseline
from core.variant import Variant

BAR = 28  # pixels
AROUND = 96  # pixels for axis and legend
PALE = 0.4


@dataclass(frozen=True)
class Bars:
    """One measure of all rows, in percent; `limits` are those of its 95 % interval, None where it has none."""

    name: str
    values: list[float | None]
    limits: list[tuple[float, float] | None]
    opacity: float = 1.0


def chart(found: Table) -> go.Figure:
    """A bar for each variant, grouped by network: Top-1, and Top-5 paler behind it; agreement with FP32 without labels."""
    measures = _measures(found)
    shown = f"{', '.join(dict.fromkeys(map(_group, found.rows)))}: {' and '.join(_names(found))}"
    drawn = figure(finding(found), shown, AROUND + BAR * len(found.rows))
    for bars in measures:
        drawn.add_trace(_trace(found.rows, bars))
    for bars in measures:
        drawn.add_traces([_intervals(found.rows, bars, *line) for line in ((LIGHT, 4.0), (DARK, 1.5))])
    drawn.update_layout(barmode="overlay", bargap=0.2, legend_traceorder="reversed")
    drawn.update_xaxes(title_text="Percent of pictures", range=[0, 101])
    drawn.update_yaxes(autorange="reversed", showgrid=False, dividercolor=NEUTRAL)
    return drawn


def finding(found: Table) -> str:
    """Such as "SqueezeNet loses most in FIXED-4: Top-1 61.20 to 12.31 %"."""
    labelled = [row for row in found.rows if row.top1 is not None]
    if not labelled:
        return _agreement(found.rows)
    judged = [row for row in labelled if row.p_value is not None]
    if not judged:
        best = max(labelled, key=lambda row: row.top1 or 0.0)
        return f"{_network(best)} in {best.title} has the highest Top-1, {best.top1:.2f} %"
    losing = [row for row in judged if row.keeps_99 == "no"]
    if losing:
        return _worst(found, losing)
    undecided = sum(row.keeps_99 == "undecided" for row in judged)
    if undecided:
        return f"No loss of more than 1 % of FP32's Top-1 is certain; {undecided} of {len(judged)} are undecided"
    return "Every format keeps 99 % of FP32's Top-1"


def alt(found: Table) -> str:
    """The chart in words, for people who do not see it."""
    names = _names(found)
    rows = "; ".join(f"{_network(row)} {row.title} {_in_words(row)}" for row in found.rows)
    return f"Bar chart of {' and '.join(names)} by network, format and regime, in percent. {finding(found)}. {rows}."


def _in_words(row: Row) -> str:
    if row.top1 is None:
        return "no answers yet" if row.agreement is None else f"agrees {row.agreement:.2f}"
    return f"{row.top1:.2f} ({row.top1_low:.2f} to {row.top1_high:.2f}) and {row.top5:.2f}"


def _names(found: Table) -> list[str]:
    return [bars.name for bars in reversed(_measures(found))]


def _agreement(rows: Sequence[Row]) -> str:
    """Without labels, and before anything is finished."""
    known = [row for row in rows if row.agreement is not None and not is_baseline(row)]
    if not known:
        return "No accuracy is known: the pictures have no labels, or none is answered yet"
    least = min(known, key=lambda row: row.agreement or 0.0)
    if least.agreement == 100:
        return "Every format's first answers are FP32's"
    return f"{_network(least)} in {least.title} agrees least with FP32: {least.agreement:.2f} % of first answers"


def _worst(found: Table, losing: Sequence[Row]) -> str:
    before = {(row.network, row.weights): row.top1 or 0.0 for row in found.rows if is_baseline(row)}
    worst = min(losing, key=lambda row: (row.top1 or 0.0) - before[row.network, row.weights])
    fp32 = before[worst.network, worst.weights]
    return f"{_network(worst)} loses most in {worst.title}: Top-1 {fp32:.2f} to {worst.top1:.2f} %"


def _network(row: Row) -> str:
    return architecture(row.network).title


def _measures(found: Table) -> list[Bars]:
    """What is drawn first lies behind."""
    if all(row.top1 is None for row in found.rows):
        return [Bars("Agreement with FP32", [row.agreement for row in found.rows], [None] * len(found.rows))]
    five = [_limits(one.top5_low, one.top5_high) for one in found.details]
    first = [_limits(row.top1_low, row.top1_high) for row in found.rows]
    return [
        Bars("Top-5", [row.top5 for row in found.rows], five, PALE),
        Bars("Top-1", [row.top1 for row in found.rows], first),
    ]


def _limits(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)


def _trace(rows: Sequence[Row], bars: Bars) -> go.Bar:
    looks = [look(row.format) for row in rows]
    outlines = [outline_width(Variant(row.network, row.weights, row.format, row.regime)) for row in rows]
    solid = bars.opacity == 1
    return go.Bar(
        name=bars.name,
        x=bars.values,
        y=_places(rows),
        orientation="h",
        marker={"color": [one.colour for one in looks], "line": {"color": NEUTRAL, "width": outlines}},
        opacity=bars.opacity,
        legendgroup=bars.name,
        text=["" if value is None or not solid else f"{value:.2f}" for value in bars.values],
        textposition="inside",
        insidetextanchor="start",
        textangle=0,
        customdata=[_interval(limits, row) for limits, row in zip(bars.limits, rows, strict=True)],
        hovertemplate="%{y}: %{x:.2f} %%{customdata}<extra>" + bars.name + "</extra>",
    )


def _places(rows: Sequence[Row]) -> list[str] | list[list[str]]:
    """The formats' names, under that of their network where there are several."""
    groups, titles = [_group(row) for row in rows], [row.title for row in rows]
    return titles if len(set(groups)) == 1 else [groups, titles]


def _group(row: Row) -> str:
    return _network(row) if row.weights == "photos" else f"{_network(row)}, {row.weights}"


def _interval(limits: tuple[float, float] | None, row: Row) -> str:
    pictures = f" of {row.images:,} pictures"
    return pictures if limits is None else f" ({limits[0]:.2f} to {limits[1]:.2f}){pictures}"


def _intervals(rows: Sequence[Row], bars: Bars, colour: str, thickness: float) -> go.Scatter:
    """Wilson's, which are not symmetric. Drawn twice, as a dark line in a light edge."""
    spans = [
        (0.0, 0.0) if value is None or limits is None else (value - limits[0], limits[1] - value)
        for value, limits in zip(bars.values, bars.limits, strict=True)
    ]
    below, above = ([span[side] for span in spans] for side in (0, 1))
    line = {"color": colour, "thickness": thickness, "width": 3}
    return go.Scatter(
        x=bars.values,
        y=_places(rows),
        mode="markers",
        marker={"opacity": 0},
        error_x={"type": "data", "symmetric": False, "array": above, "arrayminus": below, **line},
        legendgroup=bars.name,
        showlegend=False,
        hoverinfo="skip",
    )
