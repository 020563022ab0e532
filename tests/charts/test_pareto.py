"""The chart of accuracy against memory, against points given to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.charts import pareto
from core.charts.style import look
from core.sweeps.layers.records import Kind, Point
from core.sweeps.statistics import share


def point(kind: Kind, format: str, size: int, right: int, bits: tuple[int, ...] = (8, 8)) -> Point:
    named = {f"layer{place}": one for place, one in enumerate(bits)}
    return Point(kind, format, size, named, 1000, share(right, 1000), right / 9, "reference", "emulated")


FP32 = point("fp32", "fp32", 400_000, 900, (32, 32))
UNIFORM = [
    *(point("uniform", "w4a8", 50_000, 700, (4, 4)), point("uniform", "w6a8", 75_000, 860, (6, 6))),
    point("uniform", "fixed8", 100_000, 890),
]
MIXED = [point("mixed", "", 80_000, 885, (8, 6)), point("mixed", "", 60_000, 856, (8, 4))]
POINTS = [FP32, *UNIFORM, *MIXED]


def test_points_lie_at_their_memory_with_their_intervals() -> None:
    uniform, mixed = pareto.chart(POINTS, "SqueezeNet").data
    assert tuple(uniform.x) == (50.0, 75.0, 100.0) and uniform.y == pytest.approx((70.0, 86.0, 89.0))
    assert tuple(uniform.text) == ("W4A8", "W6A8", "FIXED-8")
    assert list(uniform.marker.symbol) == [look(name).marker for name in ("w4a8", "w6a8", "fixed8")]
    assert tuple(mixed.x) == (60.0, 80.0) and mixed.y == pytest.approx((85.6, 88.5))
    top1 = MIXED[0].top1
    assert top1 is not None
    assert (mixed.error_y.array[1], mixed.error_y.arrayminus[1]) == pytest.approx((top1.high - 88.5, 88.5 - top1.low))
    assert mixed.customdata[0][2] == "4 to 8 bits"


def test_fp32_lies_across_with_its_interval() -> None:
    drawn = pareto.chart(POINTS, "SqueezeNet")
    band, line = drawn.layout.shapes
    assert FP32.top1 is not None and (band.y0, band.y1) == (FP32.top1.low, FP32.top1.high)
    assert line.y0 == line.y1 == pytest.approx(90.0)
    assert [note.text for note in drawn.layout.annotations] == ["FP32, 400.00 kB: 90.00 %"]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (POINTS, "Mixed bits keep 95 % of FP32's Top-1 in 60.00 kB, uniform widths in 75.00 kB (W6A8)"),
        ([FP32, UNIFORM[0], *MIXED], "Mixed bits keep 95 % of FP32's Top-1 in 60.00 kB, no uniform width does"),
        ([FP32, *UNIFORM, point("mixed", "", 9, 1)], "No mixed bits keep 95 % of FP32's Top-1, W6A8 does"),
        ([FP32, point("mixed", "", 9, 1)], "No mixed bits keep 95 % of FP32's Top-1"),
        ([FP32], "No mixed assignment has been scored yet"),
        ([], "No mixed assignment has been scored yet"),
    ],
)
def test_the_title_says_what_mixing_saves(points: list[Point], words: str) -> None:
    assert pareto.finding(points) == words
    assert pareto.chart(points, "SqueezeNet").layout.title.text.replace("<br>", " ") == words


def test_every_point_and_its_name_have_room() -> None:
    axes = pareto.chart(POINTS, "SqueezeNet").layout
    assert axes.xaxis.range[0] < 50 and axes.xaxis.range[1] > 100
    assert axes.yaxis.range[0] < 70 and axes.yaxis.range[1] > 90


def test_without_labels_it_is_agreement() -> None:
    points = [replace(one, top1=None, agreement=100.0 if one is FP32 else one.agreement) for one in POINTS]
    drawn = pareto.chart(points, "SqueezeNet")
    assert drawn.layout.yaxis.title.text == "First answers that are FP32's (%)"
    assert tuple(drawn.data[1].y) == pytest.approx((856 / 9, 885 / 9))
    assert pareto.finding(points).startswith("Mixed bits keep 95 % of FP32's answers in 60.00 kB")


def test_points_without_a_score_wait() -> None:
    waiting = [replace(one, top1=None, agreement=None, images=0) for one in MIXED]
    drawn = pareto.chart([FP32, *UNIFORM, *waiting], "SqueezeNet")
    assert [trace.name for trace in drawn.data] == ["Uniform widths"]


def test_alt_says_every_point() -> None:
    said = pareto.alt(POINTS)
    assert "W4A8 50.00 kB, 70.00 %" in said and "Mixed 60.00 kB, 85.60 %" in said and pareto.finding(POINTS) in said
