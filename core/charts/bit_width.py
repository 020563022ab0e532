"""Top-1 against the number of bits: of weights and activations together, and of each alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts.style import NEUTRAL, figure, marker
from core.formats import WIDEST, NumberFormat, number_format
from core.models.catalog import architecture
from core.sweeps.rows import Row, Table, is_baseline
from core.variant import Variant

HEIGHT = 280  # pixels
LEGEND = 20  # pixels of one line's name
FEWEST = 3  # points that make a curve
CUT = 25  # percent: an axis that would begin below begins at 0
FREE = 0.06  # of the axis above and below what is drawn
BAND = "rgba(127, 127, 127, 0.18)"


@dataclass(frozen=True)
class Line:
    """Formats of FIXED-N with one width that varies: `bits` says which, None for a format that is not on the line.

    `of` says it to a person, behind a number of bits.
    """

    title: str
    of: str
    dash: str
    bits: Callable[[NumberFormat], int | None]


def _together(one: NumberFormat) -> int | None:
    return one.weight_bits if one.weight_bits == one.activation_bits else None


def _weights(one: NumberFormat) -> int | None:
    return one.weight_bits if one.activation_bits == WIDEST else None


def _activations(one: NumberFormat) -> int | None:
    return one.activation_bits if one.weight_bits == WIDEST else None


LINES = (
    Line("Weights and activations", "", "solid", _together),
    Line("Weights alone", " of weights alone", "dash", _weights),
    Line("Activations alone", " of activations alone", "dot", _activations),
)
REGIMES = {"raw": "", "retrain": " RE-TRAIN"}


def drawable(found: Table) -> bool:
    """Whether some line has points enough."""
    return bool(_curves(found))


def chart(found: Table) -> go.Figure:
    """One network's Top-1 by bits, a line for each kind of width and regime; FP32's 95 % interval as a band."""
    title = architecture(found.rows[0].network).title
    drawn = figure(finding(found), f"{title}: Top-1 by bits; other widths at {WIDEST}", HEIGHT)
    for line, curves in _curves(found).items():
        for regime, points in curves.items():
            drawn.add_trace(_trace(line, regime, points))
    _add_baseline(drawn, found.rows)
    drawn.layout.height += LEGEND * (len(drawn.data) + 1)
    drawn.update_xaxes(title_text="Bits (N of FIXED-N)", dtick=2, tick0=0)
    low, high = _range(found)
    cut = f"; axis begins at {low:.0f}" if low else ""
    drawn.update_yaxes(title_text=f"Top-1, % of pictures{cut}", range=[low, high])
    return drawn


def finding(found: Table) -> str:
    """Of the first line: "SqueezeNet keeps 99 % of FP32's Top-1 down to 8 bits of weights alone, retrained down to 5"."""
    title = architecture(found.rows[0].network).title
    line, curves = next(iter(_curves(found).items()))
    raw, retrained = (_narrowest(curves.get(regime, [])) for regime in REGIMES)
    if raw is not None:
        more = "" if retrained is None else f", retrained down to {retrained}"
        return f"{title} keeps 99 % of FP32's Top-1 down to {raw} bits{line.of}{more}"
    if retrained is not None:
        return f"{title} keeps 99 % of FP32's Top-1 down to {retrained} bits{line.of} when retrained"
    points = next(iter(curves.values()))
    (few, lowest), (many, highest) = points[0], points[-1]
    return f"{title} has {lowest.top1:.2f} % Top-1 at {few} bits{line.of}, {highest.top1:.2f} % at {many}"


def alt(found: Table) -> str:
    """The chart in words, for people who do not see it."""
    lines = []
    for line, curves in _curves(found).items():
        for regime, points in curves.items():
            values = ", ".join(f"{bits} bits {row.top1:.2f}" for bits, row in points)
            lines.append(f"{line.title}{REGIMES[regime]}: {values}")
    return f"Line chart of Top-1 in percent by bits. {finding(found)}. {'; '.join(lines)}."


def _curves(found: Table) -> dict[Line, dict[str, list[tuple[int, Row]]]]:
    """What is drawn: for each line the regimes that have points enough; lines without one are left out."""
    all_points = {line: {regime: _points(found, line, regime) for regime in REGIMES} for line in LINES}
    long = {
        line: {regime: points for regime, points in curves.items() if len(points) >= FEWEST}
        for line, curves in all_points.items()
    }
    return {line: curves for line, curves in long.items() if curves}


def _points(found: Table, line: Line, regime: str) -> list[tuple[int, Row]]:
    """By bits, the fewest first."""
    fixed = [(number_format(row.format), row) for row in found.rows if row.regime == regime and row.top1 is not None]
    points = [(line.bits(own), row) for own, row in fixed if own.kind == "fixed"]
    return sorted(((bits, row) for bits, row in points if bits is not None), key=lambda point: point[0])


def _range(found: Table) -> tuple[float, float]:
    """From a multiple of 5 below all that is drawn, where differences would be too small to see from 0; with free space."""
    shown = {id(row): row for curves in _curves(found).values() for points in curves.values() for _, row in points}
    rows = [*shown.values(), *(row for row in found.rows if is_baseline(row) and row.top1 is not None)]
    low, high = min(row.top1_low or 0.0 for row in rows), max(row.top1_high or 0.0 for row in rows)
    begin = 5 * math.floor((low - FREE * (high - low)) / 5)
    begin = begin if begin >= CUT else 0
    return begin, high + FREE * (high - begin)


def _narrowest(points: Sequence[tuple[int, Row]]) -> int | None:
    """The fewest bits that keep 99 % for certain, where every wider format on the line does too."""
    kept = None
    for bits, row in reversed(points):
        if row.keeps_99 != "yes":
            break
        kept = bits
    return kept


def _trace(line: Line, regime: str, points: Sequence[tuple[int, Row]]) -> go.Scatter:
    rows = [row for _, row in points]
    looks = [marker(Variant(row.network, row.weights, row.format, row.regime), 9) for row in rows]
    return go.Scatter(
        name=line.title + REGIMES[regime],
        x=[bits for bits, _ in points],
        y=[row.top1 for row in rows],
        mode="lines+markers",
        line={"color": NEUTRAL, "dash": line.dash, "width": 1.5 if regime == "raw" else 3},
        marker={
            "color": [one["color"] for one in looks],
            "symbol": [one["symbol"] for one in looks],
            "size": looks[0]["size"],
            "line": looks[0]["line"],
        },
        error_y={
            **{"type": "data", "symmetric": False, "color": NEUTRAL, "thickness": 1, "width": 2},
            "array": [(row.top1_high or 0.0) - (row.top1 or 0.0) for row in rows],
            "arrayminus": [(row.top1 or 0.0) - (row.top1_low or 0.0) for row in rows],
        },
        customdata=[[row.title, row.top1_low, row.top1_high] for row in rows],
        hovertemplate="%{customdata[0]}: %{y:.2f} % (%{customdata[1]:.2f} to %{customdata[2]:.2f})<extra></extra>",
    )


def _add_baseline(drawn: go.Figure, rows: Sequence[Row]) -> None:
    for row in rows:
        if is_baseline(row) and row.top1 is not None:
            drawn.add_hrect(y0=row.top1_low, y1=row.top1_high, fillcolor=BAND, line_width=0, layer="below")
            drawn.add_hline(
                y=row.top1,
                line={"color": NEUTRAL, "width": 1},
                layer="below",
                name=f"FP32 {row.top1:.2f} %, with its interval",
                showlegend=True,
            )
