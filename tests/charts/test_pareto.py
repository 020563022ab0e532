"""The chart of accuracy against memory, against points given to it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.charts import pareto
from core.charts.style import look
from core.sweeps.layers.records import Kind, Point
from core.sweeps.statistics import share


def point(
    kind: Kind, format: str, size: int, right: int, bits: tuple[int, ...] = (8, 8), searched: float | None = None
) -> Point:
    named = {f"layer{place}": one for place, one in enumerate(bits)}
    return Point(kind, format, size, named, 1000, share(right, 1000), right / 9, "reference", "emulated", searched)


FP32 = point("fp32", "fp32", 400_000, 900, (32, 32))
UNIFORM = [
    *(point("uniform", "w4a8", 50_000, 700, (4, 4)), point("uniform", "w6a8", 75_000, 860, (6, 6))),
    point("uniform", "fixed8", 100_000, 890),
]
MIXED = [
    *(point("mixed", "", 80_000, 885, (8, 6), 98.5), point("mixed", "", 60_000, 856, (8, 4), 95.0)),
    point("mixed", "", 40_000, 870, (2, 4), 94.5),  # its luck on the pictures that are scored chooses nothing
]
POINTS = [FP32, *UNIFORM, *MIXED]


def test_points_lie_at_their_memory_with_their_intervals() -> None:
    uniform, mixed, names = pareto.chart(POINTS, "SqueezeNet").data
    assert tuple(uniform.x) == (50.0, 75.0, 100.0) and uniform.y == pytest.approx((70.0, 86.0, 89.0))
    assert tuple(names.text) == ("W4A8", "W6A8", "FIXED-8") and tuple(names.x) == tuple(uniform.x)
    assert all(name < value for name, value in zip(names.y, uniform.y, strict=True))
    assert list(uniform.marker.symbol) == [look(name).marker for name in ("w4a8", "w6a8", "fixed8")]
    assert tuple(mixed.x) == (40.0, 60.0, 80.0) and mixed.y == pytest.approx((87.0, 85.6, 88.5))
    top1 = MIXED[0].top1
    assert top1 is not None
    assert (mixed.error_y.array[2], mixed.error_y.arrayminus[2]) == pytest.approx((top1.high - 88.5, 88.5 - top1.low))
    assert mixed.customdata[1][2] == "4 to 8 bits"


def test_fp32_lies_across_with_its_interval() -> None:
    drawn = pareto.chart(POINTS, "SqueezeNet")
    band, line = drawn.layout.shapes
    assert FP32.top1 is not None and (band.y0, band.y1) == (FP32.top1.low, FP32.top1.high)
    assert line.y0 == line.y1 == pytest.approx(90.0)
    assert line.showlegend and line.name == "FP32, 400.00 kB: 90.00 %"


def test_the_title_names_what_the_search_pictures_choose() -> None:
    """And the uniform width nearest in memory, and FP32, each with its interval on the other pictures."""
    said = [f"{one.top1.percent:.2f} % ({one.top1.low:.2f} to {one.top1.high:.2f})" for one in POINTS if one.top1]
    fp32, _, w6a8, _, _, mixed, _ = said
    words = (
        f"Mixed bits in 60.00 kB keep 95 % of FP32's answers on the search pictures; on others their Top-1 is {mixed}, "
        f"W4A8's in 50.00 kB {said[1]}, FP32's in 400.00 kB {fp32}"
    )
    assert pareto.finding(POINTS) == words
    assert pareto.chart(POINTS, "SqueezeNet").layout.meta["finding"] == words
    nearer = [replace(one, weight_bytes=69_000) if one.format == "w6a8" else one for one in POINTS]
    assert f"W6A8's in 69.00 kB {w6a8}" in pareto.finding(nearer)
    assert ", W" not in pareto.finding([FP32, *MIXED])


@given(st.lists(st.integers(0, 1000), min_size=len(POINTS), max_size=len(POINTS)))
def test_what_is_scored_chooses_nothing(right: list[int]) -> None:
    scored = [
        replace(one, top1=share(hits, 1000), agreement=hits / 10) for one, hits in zip(POINTS, right, strict=True)
    ]
    found = pareto.finding(scored)
    assert found.startswith("Mixed bits in 60.00 kB keep") and ", W4A8's in 50.00 kB" in found


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([FP32, *UNIFORM, MIXED[2]], "No mixed bits keep 95 % of FP32's answers on the search pictures"),
        ([FP32], "No mixed assignment has been scored yet"),
        ([], "No mixed assignment has been scored yet"),
    ],
)
def test_the_title_where_nothing_is_to_be_named(points: list[Point], words: str) -> None:
    assert pareto.finding(points) == words


def test_every_point_and_its_name_have_room() -> None:
    axes = pareto.chart(POINTS, "SqueezeNet").layout
    assert axes.xaxis.range[0] < 50 and axes.xaxis.range[1] > 100
    assert axes.yaxis.range[0] < 70 and axes.yaxis.range[1] > 90


def test_without_labels_it_is_agreement() -> None:
    points = [replace(one, top1=None, agreement=100.0 if one is FP32 else one.agreement) for one in POINTS]
    drawn = pareto.chart(points, "SqueezeNet")
    assert drawn.layout.yaxis.title.text == "First answers that are FP32's (%)"
    assert tuple(drawn.data[1].y) == pytest.approx((870 / 9, 856 / 9, 885 / 9))
    assert "; on others their agreement with FP32 is 95.11 %, W4A8's in 50.00 kB 77.78 %, FP32's" in pareto.finding(
        points
    )


def test_points_without_a_score_wait() -> None:
    waiting = [replace(one, top1=None, agreement=None, images=0) for one in MIXED]
    drawn = pareto.chart([FP32, *UNIFORM, *waiting], "SqueezeNet")
    assert [trace.name for trace in drawn.data if trace.name] == ["Uniform widths"]


def test_alt_says_every_point() -> None:
    said = pareto.alt(POINTS)
    assert "W4A8 50.00 kB, 70.00 %" in said and "Mixed 60.00 kB, 85.60 %" in said and pareto.finding(POINTS) in said
