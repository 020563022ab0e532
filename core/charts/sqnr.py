"""Signal to quantization noise of every layer, by number format: which layer loses what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.charts.style import GRID, figure, look, marker
from core.compare.records import LayerNoise
from core.variant import Variant

HEIGHT = 370  # pixels
HEADROOM = 10.0  # dB from the finite layers to the lines where exact ones and lost ones are drawn
SIZE = 8  # of a marker, in pixels
Noise = Mapping[Variant, Sequence[LayerNoise]]


def chart(noise: Noise, network: str) -> go.Figure:
    """A line for each variant over the layers of the network titled so, in order.

    Infinite dB are markers: exact on top, nothing left below.
    """
    drawn = figure(finding(noise), f"{network}: signal to quantization noise of each layer", HEIGHT)
    finite = [layer.decibels for layers in noise.values() for layer in layers if math.isfinite(layer.decibels)]
    for variant, layers in noise.items():
        drawn.add_trace(_line(variant, [layer for layer in layers if math.isfinite(layer.decibels)]))
    _add_infinite(drawn, noise, math.inf, max(finite, default=0.0) + HEADROOM, "exact")
    _add_infinite(drawn, noise, -math.inf, min(finite, default=0.0) - HEADROOM, "nothing left")
    drawn.update_layout(hovermode="x unified")
    drawn.update_xaxes(title_text="Layer, from input to output", categoryorder="array", categoryarray=_order(noise))
    drawn.update_xaxes(showgrid=False, tickangle=-45)
    drawn.update_yaxes(title_text="SQNR (dB), higher is more exact")
    return drawn


def _add_infinite(drawn: go.Figure, noise: Noise, limit: float, height: float, words: str) -> None:
    """The layers of `limit` decibels, at a height of their own, named by `words`."""
    found = {one: [layer for layer in layers if layer.decibels == limit] for one, layers in noise.items()}
    for variant, layers in found.items():
        if layers:
            drawn.add_trace(_apart(variant, layers, height, words))
    if any(found.values()):
        drawn.add_hline(y=height, line={"color": GRID, "dash": "dot"}, annotation_text=words, layer="below")


def finding(noise: Noise) -> str:
    """Such as "FIXED-8 loses most at fire9 (18.2 dB)"."""
    noisy = [(layer, variant) for variant, layers in noise.items() for layer in layers if layer.decibels != math.inf]
    if not noisy:
        return "Every layer is exact"
    worst, variant = min(noisy, key=lambda found: found[0].decibels)
    return f"{variant.title} loses most at {worst.name} ({_words(worst.decibels)})"


def _words(decibels: float) -> str:
    return f"{decibels:.1f} dB" if decibels > -math.inf else "nothing of the signal is left"


def alt(noise: Noise) -> str:
    """The chart in words, for people who do not see it."""
    worst = "; ".join(finding({variant: layers}) for variant, layers in noise.items())
    return f"Line chart of the signal to quantization noise of each layer, in decibels. {worst}."


def _line(variant: Variant, layers: Sequence[LayerNoise]) -> go.Scatter:
    title = variant.title
    return go.Scatter(
        x=[layer.name for layer in layers],
        y=[layer.decibels for layer in layers],
        mode="lines+markers",
        name=title,
        legendgroup=title,
        line={"color": look(variant.format).colour, "width": 1.5},
        marker=marker(variant, SIZE),
        customdata=[layer.kind for layer in layers],
        hovertemplate=title + ": %{y:.1f} dB (%{customdata})<extra></extra>",
    )


def _apart(variant: Variant, layers: Sequence[LayerNoise], height: float, words: str) -> go.Scatter:
    """Layers of infinite decibels, apart from the line, which would leap to them and back."""
    title = variant.title
    return go.Scatter(
        x=[layer.name for layer in layers],
        y=[height] * len(layers),
        mode="markers",
        name=f"{title}, {words}",
        legendgroup=title,
        showlegend=False,
        marker=marker(variant, SIZE),
        customdata=[layer.kind for layer in layers],
        hovertemplate=f"{title}: {words} (%{{customdata}})<extra></extra>",
    )


def _order(noise: Noise) -> list[str]:
    """The layers' names, each once, in the order of the formats that have them."""
    return list(dict.fromkeys(layer.name for layers in noise.values() for layer in layers))
