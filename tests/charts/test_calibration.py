"""Confidence against accuracy, against the table it is drawn from."""

from __future__ import annotations

from pathlib import Path

from core.charts import calibration
from tests.charts.sweeps import swept, unlabelled


def test_each_marker_is_a_variants_accuracy_and_confidence(tmp_path: Path) -> None:
    """All are 50 % sure."""
    found = swept(tmp_path, {"fp32": (450,), "fixed8": (700,)})
    drawn = calibration.chart(found)
    assert [(one.name, one.x[0], one.y[0]) for one in drawn.data] == [("FP32", 45.0, 50.0), ("FIXED-8", 70.0, 50.0)]
    assert [round(one.customdata[0], 2) for one in drawn.data] == [5.0, 20.0]
    assert drawn.layout.xaxis.range == drawn.layout.yaxis.range
    assert calibration.finding(found) == "FIXED-8 is 20.00 points less sure than right, FP32 5.00 points more sure"
    assert "FIXED-8 Top-1 70.00, confidence 50.00, calibration error 20.00 points" in calibration.alt(found)


def test_more_sure_than_right_and_neither(tmp_path: Path) -> None:
    more = swept(tmp_path / "more", {"fp32": (300,), "fixed8": (500,)})
    assert calibration.finding(more) == "FIXED-8 is 0.00 points more sure than right, FP32 20.00 points more sure"
    alone = swept(tmp_path / "alone", {"fp32": (600,)})
    assert calibration.finding(alone) == "FP32 is 10.00 points less sure than right"
    without = swept(tmp_path / "without", {"fixed8": (600,), "int8": (650,)})
    assert calibration.finding(without) == "INT8 is 15.00 points less sure than right"


def test_what_fp32_has_too_is_no_formats_fault(tmp_path: Path) -> None:
    found = swept(tmp_path, {"fp32": (700,), "fixed8": (700,), "int8": (700,)})
    assert calibration.finding(found) == "Every format is as sure as FP32, which is 20.00 points less sure than right"


def test_markers_at_one_place_are_all_seen(tmp_path: Path) -> None:
    """The later ones are drawn over the earlier ones, and are smaller."""
    found = swept(tmp_path, {"fp32": (700,), "fixed8": (700,), "int8": (700,)})
    sizes = [one.marker.size for one in calibration.chart(found).data]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == 3


def test_without_labels_nothing_is_drawn(tmp_path: Path) -> None:
    assert not calibration.drawable(unlabelled(tmp_path))
    assert calibration.drawable(swept(tmp_path / "labelled", {"fp32": (500,)}))
