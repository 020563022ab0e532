"""Memory of a network's weights by number format."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.style import NEUTRAL, figure, look, network_title, outline_width, size
from core.compare.changes import baseline_of
from core.compare.records import Answer

BAR = 30  # pixels
AROUND = 56  # pixels for the axis


def chart(answers: Sequence[Answer]) -> go.Figure:
    """A bar for each of one network's formats, with its size and its share of FP32's written beside it."""
    height = AROUND + BAR * len(answers)
    drawn = figure(
        finding(answers), f"{network_title(answers)}: memory of the weights, and its share of FP32's", height
    )
    drawn.add_trace(
        go.Bar(
            x=[answer.weight_bytes / 1e6 for answer in answers],
            y=[answer.variant.title for answer in answers],
            orientation="h",
            text=[_short(answer, answers) for answer in answers],
            customdata=[_label(answer, answers) for answer in answers],
            textposition="outside",
            cliponaxis=False,
            marker={
                "color": [look(answer.variant.format).colour for answer in answers],
                "line": {"color": NEUTRAL, "width": [outline_width(answer.variant) for answer in answers]},
            },
            hovertemplate="%{y}: %{customdata}<extra></extra>",
        )
    )
    # The widest bar leaves room for its text, on a phone too.
    drawn.update_xaxes(
        title_text="Megabytes (10⁶ bytes)", showgrid=False, range=[0, 2.4 * max(a.weight_bytes for a in answers) / 1e6]
    )
    drawn.update_yaxes(title_text="Format", autorange="reversed", showgrid=False)
    return drawn


def finding(answers: Sequence[Answer]) -> str:
    """Such as "FIXED-8 takes 25.3 % of FP32's memory"."""
    smallest, baseline = min(answers, key=lambda answer: answer.weight_bytes), baseline_of(answers)
    if baseline is None or smallest is baseline:
        return f"{smallest.variant.title} takes {size(smallest.weight_bytes)}"
    return f"{smallest.variant.title} takes {_share(smallest, baseline)} of FP32's memory"


def alt(answers: Sequence[Answer]) -> str:
    """The chart in words, for people who do not see it."""
    bars = "; ".join(f"{answer.variant.title} {_label(answer, answers)}" for answer in answers)
    return (
        f"Bar chart of the memory of {network_title(answers)}'s weights by number format. {finding(answers)}. {bars}."
    )


def _label(answer: Answer, answers: Sequence[Answer]) -> str:
    baseline = baseline_of(answers)
    if baseline is None or answer is baseline:
        return size(answer.weight_bytes)
    return f"{size(answer.weight_bytes)}, {_share(answer, baseline)} of FP32"


def _short(answer: Answer, answers: Sequence[Answer]) -> str:
    """Beside the bar, where a phone has no room for more."""
    return _label(answer, answers).removesuffix(" of FP32")


def _share(answer: Answer, baseline: Answer) -> str:
    return f"{100 * answer.weight_bytes / baseline.weight_bytes:.1f} %"
