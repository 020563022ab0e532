"""Confidence by number format, for every label that any format lists."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.style import NEUTRAL, figure, marker, network_title
from core.compare.changes import baseline_of, largest_change, points_in_words
from core.compare.records import Answer

ROW = 0.8  # the part of a label's row that its markers are spread over
PITCH = 9  # pixels from one marker to the next
AROUND = 96  # pixels for axis and legend


def chart(answers: Sequence[Answer]) -> go.Figure:
    """One network's answers to one picture: a row for each label, a marker for each format, a tick at FP32's."""
    labels = _labels(answers)
    height = AROUND + len(labels) * (PITCH * len(answers) + 12)
    drawn = figure(finding(answers), f"{network_title(answers)}: confidence by number format", height)
    _add_baseline(drawn, answers, list(labels))
    for place, answer in enumerate(answers):
        drawn.add_trace(_markers(answer, labels, ROW * ((place + 0.5) / len(answers) - 0.5)))
    widest = max(answer.probabilities[index] for answer in answers for index in labels)
    drawn.update_xaxes(title_text="Confidence (0 to 1)", range=[-0.02 * widest, 1.04 * widest])
    drawn.update_yaxes(
        title_text="Label",
        tickvals=list(range(len(labels))),
        ticktext=list(labels.values()),
        range=[len(labels) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    return drawn


def finding(answers: Sequence[Answer]) -> str:
    """Such as "FIXED-8 is 7.00 points less sure of tabby"."""
    change = largest_change(answers)
    if change is None:
        first = max(answers, key=lambda answer: answer.top[0].score)
        return f"{first.variant.title} answers {first.top[0].label} with {first.top[0].score:.2f}"
    if change.points == 0:
        return "Every format is as sure as FP32"
    return f"{change.title} is {points_in_words(change.points)} of {change.label}"


def alt(answers: Sequence[Answer]) -> str:
    """The chart in words, for people who do not see it."""
    firsts = "; ".join(f"{answer.variant.title} {answer.top[0].label} {answer.top[0].score:.2f}" for answer in answers)
    return (
        f"Dot plot of {network_title(answers)}'s confidence in {len(_labels(answers))} labels by number format. "
        f"{finding(answers)}. First answers: {firsts}."
    )


def _labels(answers: Sequence[Answer]) -> dict[int, str]:
    """Class index to label, of all that is listed, in the order of FP32's (or the first answer's) confidence."""
    listed = {guess.class_index: guess.label for answer in answers for guess in answer.top}
    scores = (baseline_of(answers) or answers[0]).probabilities
    return {index: listed[index] for index in sorted(listed, key=lambda index: (-scores[index], index))}


def _markers(answer: Answer, labels: dict[int, str], offset: float) -> go.Scatter:
    return go.Scatter(
        x=[answer.probabilities[index] for index in labels],
        y=[row + offset for row in range(len(labels))],
        mode="markers",
        name=answer.variant.title,
        marker=marker(answer.variant, size=PITCH),
        customdata=list(labels.values()),
        hovertemplate="%{customdata}: %{x:.4f}<extra>" + answer.variant.title + "</extra>",
    )


def _add_baseline(drawn: go.Figure, answers: Sequence[Answer], classes: Sequence[int]) -> None:
    """A tick across each row at FP32's confidence, so that a shift is seen without measuring."""
    baseline = baseline_of(answers)
    for row, index in enumerate(classes if baseline else ()):
        score = baseline.probabilities[index] if baseline else 0.0
        drawn.add_shape(
            type="line",
            x0=score,
            x1=score,
            y0=row - ROW / 2,
            y1=row + ROW / 2,
            line={"color": NEUTRAL, "width": 1},
            layer="below",
        )
