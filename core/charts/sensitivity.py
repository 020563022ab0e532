"""What each layer costs alone in few bits: the divergence from FP32's answers, layer by layer and width by width."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.style import figure, look
from core.formats import number_format
from core.sweeps.layers.records import Sensitivity

HEIGHT = 460  # pixels
LEAST = 1e-6  # nats: what lies below is drawn there, since a logarithmic axis has no 0
NOTICED = 10.0  # percent of the answers


def chart(found: Sequence[Sensitivity], network: str) -> go.Figure:
    """Markers for each width over the layers of the network titled so, in order. `found` begins with the baseline."""
    drawn = figure(finding(found), f"{network}: each layer alone in few bits, all else in 16", HEIGHT)
    for bits in _widths(found):
        drawn.add_trace(_markers(bits, [row for row in found[1:] if row.bits == bits]))
    order = list(dict.fromkeys(row.title for row in found[1:]))
    drawn.update_xaxes(title_text="Layer, from input to output", categoryorder="array", categoryarray=order)
    drawn.update_xaxes(showgrid=False, tickangle=-45)
    drawn.update_yaxes(title_text="KL divergence from FP32 (nats)", type="log", dtick=1, exponentformat="power")
    return drawn


def finding(found: Sequence[Sensitivity]) -> str:
    """Such as "features.0 costs most at 4 bits: alone it changes 19.0 % of the answers".

    Of the widths it is the widest at which some layer changes a tenth of the answers; the narrowest where none does.
    """
    worst = {bits: _costliest(found, bits) for bits in _widths(found)}
    if not worst:
        return "No layer has been tried yet"
    noticed = [bits for bits, row in worst.items() if 100 - row.found.agreement.percent >= NOTICED]
    return _words(worst[max(noticed, default=min(worst))])


def alt(found: Sequence[Sensitivity]) -> str:
    """The chart in words, for people who do not see it."""
    worst = "; ".join(_words(_costliest(found, bits)) for bits in _widths(found))
    return (
        "Chart of the Kullback-Leibler divergence from FP32's answers where one layer alone has few bits, by layer. "
        f"{worst or finding(found)}."
    )


def _widths(found: Sequence[Sensitivity]) -> list[int]:
    return sorted({row.bits for row in found[1:]})


def _costliest(found: Sequence[Sensitivity], bits: int) -> Sensitivity:
    return max((row for row in found[1:] if row.bits == bits), key=lambda row: row.found.divergence)


def _words(row: Sensitivity) -> str:
    changed = 100 - row.found.agreement.percent
    return f"{row.title} costs most at {row.bits} bits: alone it changes {changed:.1f} % of the answers"


def _markers(bits: int, rows: Sequence[Sensitivity]) -> go.Scatter:
    """In the look of FIXED-N, with 95 % intervals."""
    own, title = look(f"fixed{bits}"), number_format(f"fixed{bits}").title
    heights = [max(row.found.divergence, LEAST) for row in rows]
    return go.Scatter(
        x=[row.title for row in rows],
        y=heights,
        error_y={
            "array": [max(row.found.high - height, 0.0) for row, height in zip(rows, heights, strict=True)],
            "arrayminus": [height - max(row.found.low, LEAST) for row, height in zip(rows, heights, strict=True)],
            "thickness": 1,
            "width": 0,
        },
        mode="markers",
        name=title,
        marker={"color": own.colour, "symbol": own.marker, "size": 8},
        customdata=[[row.found.divergence, row.found.low, row.found.high, row.found.agreement.percent] for row in rows],
        hovertemplate=f"{title}, %{{x}}: %{{customdata[0]:.4f}} nats (%{{customdata[1]:.4f}} to %{{customdata[2]:.4f}}), "
        "%{customdata[3]:.1f} % of the answers are FP32's<extra></extra>",
    )
