"""The confidence chart's points, title and words, against the answers it is drawn from."""

from __future__ import annotations

from core.charts import confidence
from core.charts.style import look
from tests.compare.examples import FP32, LABELS, answer

FIXED8 = answer("fixed8", (0.64, 0.15, 0.09, 0.03, 0.04, 0.05, 0.006, 0.004))


def test_a_row_for_every_label_that_any_format_lists() -> None:
    drawn = confidence.chart([FP32, FIXED8])
    assert list(drawn.layout.yaxis.ticktext) == ["tabby", "Persian cat", "lynx", "fox", "owl", "teapot"]


def test_each_point_is_its_label_and_format() -> None:
    drawn = confidence.chart([FP32, FIXED8])
    assert [trace.name for trace in drawn.data] == ["FP32", "FIXED-8"]
    for trace, given in zip(drawn.data, (FP32, FIXED8), strict=True):
        read = dict(zip(trace.customdata, trace.x, strict=True))
        assert read == {label: given.probabilities[LABELS.index(label)] for label in drawn.layout.yaxis.ticktext}
        assert [round(y) for y in trace.y] == list(range(6))
        own = look(given.variant.format)
        assert (trace.marker.color, trace.marker.symbol) == (own.colour, own.marker)


def test_no_two_markers_of_a_row_cover_each_other() -> None:
    """Equal scores in every format still stand apart."""
    alike = [answer(name, FP32.probabilities) for name in ("fp32", "fp16", "bf16", "fixed16", "fixed8", "int8")]
    heights = [trace.y[0] for trace in confidence.chart(alike).data]
    assert len(set(heights)) == 6
    assert max(abs(height) for height in heights) < 0.5


def test_a_tick_stands_at_the_baseline() -> None:
    shapes = confidence.chart([FP32, FIXED8]).layout.shapes
    assert [shape.x0 for shape in shapes] == [0.71, 0.12, 0.08, 0.04, 0.03, 0.01]


def test_title_and_alt_state_the_finding() -> None:
    assert confidence.chart([FP32, FIXED8]).layout.meta["finding"] == "FIXED-8 is 7.00 points less sure of tabby"
    said = confidence.alt([FP32, FIXED8])
    assert "FIXED-8 is 7.00 points less sure of tabby" in said
    assert "6 labels" in said
    assert "FP32 tabby 0.71; FIXED-8 tabby 0.64" in said


def test_findings_with_nothing_to_compare() -> None:
    assert confidence.finding([FP32, answer("fp16", FP32.probabilities)]) == "Every format is as sure as FP32"
    assert confidence.finding([FIXED8]) == "FIXED-8 answers tabby with 0.64"
    assert len(confidence.chart([FIXED8]).layout.shapes) == 0
