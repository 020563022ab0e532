"""The chart of single layers against findings given to it."""

from __future__ import annotations

import pytest

from core.charts import sensitivity
from core.charts.style import look
from core.sweeps.layers.records import Closeness, Sensitivity
from core.sweeps.statistics import share


def row(title: str, bits: int, divergence: float, agreeing: int, layer: str = "x") -> Sensitivity:
    close = Closeness(100, divergence, divergence / 2, 2 * divergence, share(agreeing, 100), None)
    return Sensitivity(layer, title, bits, close)


FOUND = [
    row("", 16, 0.0, 100, layer=""),
    *(row("conv1", 2, 2.5, 20), row("conv1", 4, 0.2, 81), row("conv1", 8, 0.002, 97)),
    *(row("fire9", 2, 3.5, 10), row("fire9", 4, 0.1, 95), row("fire9", 8, 0.0, 100)),
]


def test_markers_of_each_width_over_the_layers_in_order() -> None:
    drawn = sensitivity.chart(FOUND, "SqueezeNet")
    traces = {trace.name: trace for trace in drawn.data}
    assert list(traces) == ["FIXED-2", "FIXED-4", "FIXED-8"]
    assert (tuple(traces["FIXED-4"].x), tuple(traces["FIXED-4"].y)) == (("conv1", "fire9"), (0.2, 0.1))
    assert (traces["FIXED-4"].marker.color, traces["FIXED-4"].marker.symbol) == (
        look("fixed4").colour,
        look("fixed4").marker,
    )
    assert tuple(drawn.layout.xaxis.categoryarray) == ("conv1", "fire9")


def test_intervals_and_zeros_on_a_logarithmic_axis() -> None:
    drawn = sensitivity.chart(FOUND, "SqueezeNet")
    four, eight = drawn.data[1:]
    assert drawn.layout.yaxis.type == "log"
    assert four.error_y.array == pytest.approx((0.2, 0.1)) and four.error_y.arrayminus == pytest.approx((0.1, 0.05))
    assert eight.y[1] == sensitivity.LEAST and eight.error_y.array[1] == eight.error_y.arrayminus[1] == 0
    assert eight.customdata[1][0] == 0.0


def test_the_title_says_what_is_noticed_first() -> None:
    words = "conv1 costs most at 4 bits: alone it changes 19.0 % of the answers"
    assert sensitivity.finding(FOUND) == words
    assert sensitivity.chart(FOUND, "SqueezeNet").layout.meta["finding"] == words
    harmless = [FOUND[0], *(one for one in FOUND if one.bits == 8)]
    assert sensitivity.finding(harmless) == "conv1 costs most at 8 bits: alone it changes 3.0 % of the answers"


def test_alt_names_the_worst_of_every_width() -> None:
    said = sensitivity.alt(FOUND)
    assert "fire9 costs most at 2 bits: alone it changes 90.0 % of the answers" in said
    assert "conv1 costs most at 8 bits" in said


@pytest.mark.parametrize("few", [[], FOUND[:1], FOUND[:3]])
def test_it_is_drawn_while_results_arrive(few: list[Sensitivity]) -> None:
    assert len(sensitivity.chart(few, "SqueezeNet").data) == max(0, len(few) - 1)
    assert sensitivity.alt(few)
