"""The memory chart against bytes given to it."""

from __future__ import annotations

import pytest

from core.charts import memory
from core.charts.style import look
from tests.compare.examples import FP32, answer

SCORES = FP32.probabilities
ANSWERS = [
    answer("fp32", SCORES, weight_bytes=4_000_000),
    answer("fixed8", SCORES, weight_bytes=1_012_000),
    answer("fixed8", SCORES, weight_bytes=1_012_000, regime="retrain"),
]


def test_bars_are_megabytes_in_the_formats_colours() -> None:
    (bars,) = memory.chart(ANSWERS).data
    assert list(bars.x) == pytest.approx([4.0, 1.012, 1.012])
    assert list(bars.y) == ["FP32", "FIXED-8", "FIXED-8 RE-TRAIN"]
    assert list(bars.marker.color) == [look("fp32").colour, look("fixed8").colour, look("fixed8").colour]
    assert [width > 0 for width in bars.marker.line.width] == [False, False, True]


def test_every_bar_is_written_out() -> None:
    (bars,) = memory.chart(ANSWERS).data
    assert list(bars.text) == ["4.00 MB", "1.01 MB, 25.3 %", "1.01 MB, 25.3 %"]
    assert list(bars.customdata) == ["4.00 MB", "1.01 MB, 25.3 % of FP32", "1.01 MB, 25.3 % of FP32"]


def test_title_and_alt_state_the_finding() -> None:
    assert memory.chart(ANSWERS).layout.meta["finding"] == "FIXED-8 takes 25.3 % of FP32's memory"
    assert "FIXED-8 1.01 MB, 25.3 % of FP32" in memory.alt(ANSWERS)


def test_without_a_baseline_there_is_no_share() -> None:
    assert memory.finding(ANSWERS[1:]) == "FIXED-8 takes 1.01 MB"
    assert list(memory.chart(ANSWERS[1:]).data[0].text) == ["1.01 MB", "1.01 MB"]
    assert memory.finding(ANSWERS[:1]) == "FP32 takes 4.00 MB"
