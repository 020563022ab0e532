"""Signal to quantization noise of every layer, by number format: which layer loses what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.charts.style import GRID, figure, look
from core.compare.records import LayerNoise
from core.formats import number_format

HEIGHT = 370  # pixels
HEADROOM = 10.0  # dB between the best finite layer and the line where exact layers are drawn
Noise = Mapping[str, Sequence[LayerNoise]]


def chart(noise: Noise) -> go.Figure:
    """A line for each format, by name, over its layers in order. An exact layer, infinite dB, is a marker on top."""
    drawn = figure(finding(noise), "Signal to quantization noise of each layer against FP32", HEIGHT)
    finite = [layer.decibels for layers in noise.values() for layer in layers if math.isfinite(layer.decibels)]
    ceiling = max(finite, default=0.0) + HEADROOM
    for name, layers in noise.items():
        drawn.add_trace(_line(name, [layer for layer in layers if math.isfinite(layer.decibels)]))
        drawn.add_trace(_exact(name, [layer for layer in layers if layer.decibels == math.inf], ceiling))
    if any(layer.decibels == math.inf for layers in noise.values() for layer in layers):
        drawn.add_hline(y=ceiling, line={"color": GRID, "dash": "dot"}, annotation_text="exact", layer="below")
    drawn.update_layout(hovermode="x unified")
    drawn.update_xaxes(title_text="Layer, from input to output", categoryorder="array", categoryarray=_order(noise))
    drawn.update_xaxes(showgrid=False, tickangle=-45)
    drawn.update_yaxes(title_text="SQNR (dB), higher is more exact")
    return drawn


def finding(noise: Noise) -> str:
    """Such as "FIXED-8 loses most at fire9 (18.2 dB)"."""
    noisy = [(layer, name) for name, layers in noise.items() for layer in layers if layer.decibels != math.inf]
    if not noisy:
        return "Every layer is exact"
    worst, name = min(noisy, key=lambda found: found[0].decibels)
    return f"{number_format(name).title} loses most at {worst.name} ({_words(worst.decibels)})"


def _words(decibels: float) -> str:
    return f"{decibels:.1f} dB" if decibels > -math.inf else "nothing of the signal is left"


def alt(noise: Noise) -> str:
    """The chart in words, for people who do not see it."""
    worst = "; ".join(finding({name: layers}) for name, layers in noise.items())
    return f"Line chart of the signal to quantization noise of each layer, in decibels. {worst}."


def _line(name: str, layers: Sequence[LayerNoise]) -> go.Scatter:
    own, title = look(name), number_format(name).title
    return go.Scatter(
        x=[layer.name for layer in layers],
        y=[layer.decibels for layer in layers],
        mode="lines+markers",
        name=title,
        legendgroup=name,
        line={"color": own.colour, "width": 1.5},
        marker={"symbol": own.marker, "size": 8},
        customdata=[layer.kind for layer in layers],
        hovertemplate=title + ": %{y:.1f} dB (%{customdata})<extra></extra>",
    )


def _exact(name: str, layers: Sequence[LayerNoise], ceiling: float) -> go.Scatter:
    """Apart from the line, which would leap up to an exact layer and fall again."""
    own, title = look(name), number_format(name).title
    return go.Scatter(
        x=[layer.name for layer in layers],
        y=[ceiling] * len(layers),
        mode="markers",
        name=f"{title}, exact",
        legendgroup=name,
        showlegend=False,
        marker={"color": own.colour, "symbol": own.marker, "size": 8},
        customdata=[layer.kind for layer in layers],
        hovertemplate=title + ": exact (%{customdata})<extra></extra>",
    )


def _order(noise: Noise) -> list[str]:
    """The layers' names, each once, in the order of the formats that have them."""
    return list(dict.fromkeys(layer.name for layers in noise.values() for layer in layers))
