"""The loss curve of a retraining."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.charts.style import NEUTRAL, figure, look

HEIGHT = 260
STRETCHES, STEPS = 40, 5  # points of the mean curve at most, and steps for each of them at least
Losses = Sequence[tuple[int, float]]


def chart(losses: Losses, format: str, title: str, steps: int) -> go.Figure:
    """Each step's loss faint, and the mean of each stretch of steps in the format's colour; the axis has all `steps`."""
    drawn = figure(finding(losses), f"{title}: cross entropy of each step's batch", HEIGHT)
    own = look(format)
    grey = {"color": NEUTRAL, "size": 3, "opacity": 0.5}
    shape = {"symbol": own.marker, "size": 6, "color": own.colour}
    drawn.add_trace(_trace(losses, "each step", "step %{x}: %{y:.3f}", mode="markers", marker=grey))
    mean = _trace(stretches(losses), "mean", "up to step %{x}: mean %{y:.3f}", mode="lines+markers", marker=shape)
    drawn.add_trace(mean)
    drawn.update_xaxes(title_text="Step", range=[0, max(steps, losses[-1][0])])
    drawn.update_yaxes(title_text="Loss, nats", rangemode="tozero")
    return drawn


def _trace(losses: Losses, name: str, hover: str, **look: object) -> go.Scatter:
    x, y = zip(*losses, strict=True)
    return go.Scatter(x=x, y=y, name=name, hovertemplate=f"{hover}<extra></extra>", cliponaxis=False, **look)


def finding(losses: Losses) -> str:
    """Such as "The loss fell from 1.913 to 0.642 in 200 steps"."""
    smooth = stretches(losses)
    first, last = smooth[0][1], smooth[-1][1]
    went = "fell" if last < first else "did not fall: it went"
    return f"The loss {went} from {first:.3f} to {last:.3f} in {losses[-1][0]} steps"


def alt(losses: Losses, title: str) -> str:
    """The chart in words, for people who do not see it."""
    return f"Line chart of the training's loss by step, {title}. {finding(losses)}."


def stretches(losses: Losses) -> list[tuple[int, float]]:
    """The last step of each of STRETCHES stretches and the stretch's mean loss; of few steps, fewer stretches."""
    parts = np.array_split(np.array(losses, float), max(1, min(STRETCHES, len(losses) // STEPS)))
    return [(int(part[-1, 0]), float(part[:, 1].mean())) for part in parts]
