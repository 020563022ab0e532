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
    assert calibration.finding(found) == "FIXED-8 is furthest off: 20.00 points less sure than right"
    assert "FIXED-8 Top-1 70.00, confidence 50.00, calibration error 20.00 points" in calibration.alt(found)


def test_more_sure_than_right_and_neither(tmp_path: Path) -> None:
    more = swept(tmp_path / "more", {"fp32": (300,), "fixed8": (500,)})
    assert calibration.finding(more) == "FP32 is furthest off: 20.00 points more sure than right"
    neither = swept(tmp_path / "neither", {"fp32": (500,)})
    assert calibration.finding(neither) == "Every format is as sure as it is right"


def test_without_labels_nothing_is_drawn(tmp_path: Path) -> None:
    assert not calibration.drawable(unlabelled(tmp_path))
    assert calibration.drawable(swept(tmp_path / "labelled", {"fp32": (500,)}))
