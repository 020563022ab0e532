"""The curve of accuracy against bits, against the table it is drawn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.charts import bit_width
from core.charts.style import look
from tests.charts.sweeps import swept

RIGHT = {
    "fp32": 700,
    "fixed4": 300,
    "fixed16": 700,
    "fixed8": 700,
    "w4a16": 500,
    "w6a16": 690,
    "w16a4": 600,
    "w16a6": 650,
}
RIGHT |= {"w4a8": 400, "int8": 1}


def test_a_line_for_each_kind_of_width(tmp_path: Path) -> None:
    """FIXED-16 ends all three; W4A8 is on none, INT8 is no FIXED-N."""
    drawn = bit_width.chart(swept(tmp_path, {name: (count,) for name, count in RIGHT.items()}))
    lines = {trace.name: dict(zip(trace.x, trace.y, strict=True)) for trace in drawn.data}
    assert lines == {
        "Weights and activations": {4: 30.0, 8: 70.0, 16: 70.0},
        "Weights alone": {4: 50.0, 6: 69.0, 16: 70.0},
        "Activations alone": {4: 60.0, 6: 65.0, 16: 70.0},
    }
    assert list(drawn.data[0].marker.symbol) == [look(name).marker for name in ("fixed4", "fixed8", "fixed16")]


def test_fp32_is_a_band_with_its_interval(tmp_path: Path) -> None:
    found = swept(tmp_path, {name: (count,) for name, count in RIGHT.items()})
    band, line = bit_width.chart(found).layout.shapes
    assert (band.y0, band.y1) == (found.rows[0].top1_low, found.rows[0].top1_high)
    assert line.y0 == line.y1 == 70.0
    assert line.showlegend and line.name == "FP32 70.00 %, with its interval"


@pytest.mark.parametrize(
    ("right", "begins"), [({"fixed4": 930}, 90), ({"fixed4": 850}, 80), ({"fixed4": 700}, 65), ({"fixed4": 200}, 0)]
)
def test_the_axis_begins_below_all_that_is_drawn_and_says_so(
    tmp_path: Path, right: dict[str, int], begins: int
) -> None:
    found = swept(tmp_path, {"fp32": (950,), "fixed16": (950,), "fixed8": (940,), "fixed4": (right["fixed4"],)})
    axis = bit_width.chart(found).layout.yaxis
    assert axis.range[0] == begins < min(row.top1_low or 0.0 for row in found.rows)
    assert axis.range[1] > max(row.top1_high or 0.0 for row in found.rows)
    assert (f"axis begins at {begins}" in axis.title.text) == (begins > 0)


def test_retrain_has_lines_of_its_own(tmp_path: Path) -> None:
    right = {"fp32": (990, 990), "fixed4": (300, 990), "fixed6": (900, 990), "fixed8": (990, 995)}
    found = swept(tmp_path, right, ("raw", "retrain"))
    raw, retrained = bit_width.chart(found).data
    assert (raw.name, retrained.name) == ("Weights and activations", "Weights and activations RE-TRAIN")
    assert list(retrained.y) == [99.0, 99.0, 99.5]
    assert raw.marker.line.width == 0 < retrained.marker.line.width
    assert bit_width.finding(found) == "SqueezeNet keeps 99 % of FP32's Top-1 down to 8 bits, retrained down to 4"
    assert "Weights and activations RE-TRAIN: 4 bits 99.00, 6 bits 99.00, 8 bits 99.50" in bit_width.alt(found)


@pytest.mark.parametrize(
    ("right", "finding"),
    [
        # 6 bits keep it, but 7, which is wider, does not: nothing is claimed below 8.
        (
            {"fp32": 700, "fixed6": 700, "fixed7": 300, "fixed8": 700},
            "SqueezeNet keeps 99 % of FP32's Top-1 down to 8 bits",
        ),
        (
            {"fp32": 700, "fixed4": 300, "fixed6": 500, "fixed8": 600},
            "SqueezeNet has 30.00 % Top-1 at 4 bits, 60.00 % at 8",
        ),
        # FIXED-16 alone is no curve of both widths: what is drawn is of one width, and so is what is said.
        (
            {"fp32": 700, "w4a16": 500, "w8a16": 700, "fixed16": 700},
            "SqueezeNet keeps 99 % of FP32's Top-1 down to 8 bits of weights alone",
        ),
        (
            {"fp32": 700, "w16a4": 300, "w16a6": 400, "fixed16": 600},
            "SqueezeNet has 30.00 % Top-1 at 4 bits of activations alone, 60.00 % at 16",
        ),
    ],
)
def test_what_the_title_says(tmp_path: Path, right: dict[str, int], finding: str) -> None:
    assert bit_width.finding(swept(tmp_path, {name: (count,) for name, count in right.items()})) == finding


def test_two_widths_make_no_curve(tmp_path: Path) -> None:
    two = {"fp32": (700,), "fixed8": (700,), "fixed16": (700,), "w4a8": (600,), "w8a16": (600,)}
    assert not bit_width.drawable(swept(tmp_path, two))
    assert bit_width.drawable(swept(tmp_path / "more", two | {"w3a16": (600,)}))
