"""The per-layer chart against the decibels given to it, exact layers and silent ones included."""

from __future__ import annotations

import math
from dataclasses import replace

from core.charts import sqnr
from core.compare.records import LayerNoise
from core.variant import Variant

FIXED16, FIXED8, FIXED2 = (Variant("vgg16", "photos", name) for name in ("fixed16", "fixed8", "fixed2"))
NOISE = {
    FIXED16: [LayerNoise("conv1", "conv", 84.25), LayerNoise("pool", "max pool", math.inf)],
    FIXED8: [
        LayerNoise("conv1", "conv", 41.5),
        LayerNoise("pool", "max pool", math.inf),
        LayerNoise("fire9", "concat", 18.24),
        LayerNoise("silent", "conv", math.nan),
    ],
}


def test_lines_hold_finite_layers_in_order() -> None:
    lines = {trace.name: trace for trace in sqnr.chart(NOISE, "VGG-16").data if trace.mode == "lines+markers"}
    assert list(lines) == ["FIXED-16", "FIXED-8"]
    assert (tuple(lines["FIXED-8"].x), tuple(lines["FIXED-8"].y)) == (("conv1", "fire9"), (41.5, 18.24))
    assert tuple(lines["FIXED-8"].customdata) == ("conv", "concat")


def test_exact_layers_are_markers_above_every_line() -> None:
    drawn = sqnr.chart(NOISE, "VGG-16")
    exact = [trace for trace in drawn.data if trace.mode == "markers"]
    assert [(tuple(trace.x), trace.y[0] > 84.25) for trace in exact] == [(("pool",), True)] * 2
    assert [note.text for note in drawn.layout.annotations] == ["exact"]


def test_lost_layers_are_markers_below_every_line() -> None:
    lost = {FIXED2: [LayerNoise("conv1", "conv", 3.5), LayerNoise("conv2", "conv", -math.inf)]}
    drawn = sqnr.chart(lost, "VGG-16")
    (marked,) = [trace for trace in drawn.data if trace.mode == "markers"]
    assert (tuple(marked.x), marked.y[0] < 3.5) == (("conv2",), True)
    assert [note.text for note in drawn.layout.annotations] == ["nothing left"]


def test_every_value_drawn_is_finite_and_named() -> None:
    for trace in sqnr.chart(NOISE, "VGG-16").data:
        assert all(math.isfinite(y) for y in trace.y)
        assert "silent" not in trace.x


def test_layers_keep_their_order_on_the_axis() -> None:
    assert list(sqnr.chart(NOISE, "VGG-16").layout.xaxis.categoryarray) == ["conv1", "pool", "fire9", "silent"]


def test_title_and_alt_name_the_worst_layer() -> None:
    assert sqnr.chart(NOISE, "VGG-16").layout.meta["finding"] == "FIXED-8 loses most at fire9 (18.2 dB)"
    said = sqnr.alt(NOISE)
    assert "FIXED-16 loses most at conv1 (84.2 dB)" in said
    assert "FIXED-8 loses most at fire9 (18.2 dB)" in said


def test_a_network_without_any_loss() -> None:
    exact = {FIXED16: [LayerNoise("conv1", "conv", math.inf)]}
    assert sqnr.finding(exact) == "Every layer is exact"
    assert sqnr.chart(exact, "VGG-16").data[1].y[0] > 0


def test_raw_and_retrained_are_told_apart() -> None:
    retrained = replace(FIXED8, regime="retrain")
    noise = {FIXED8: NOISE[FIXED8], retrained: [LayerNoise("conv1", "conv", 45.0)]}
    raw, own = (trace for trace in sqnr.chart(noise, "VGG-16").data if trace.mode == "lines+markers")
    assert (raw.name, own.name) == ("FIXED-8", "FIXED-8 RE-TRAIN")
    assert (raw.marker.symbol, raw.line.color) == (own.marker.symbol, own.line.color)
    assert raw.marker.line.width == 0 < own.marker.line.width
    assert "FIXED-8 RE-TRAIN loses most at conv1 (45.0 dB)" in sqnr.alt(noise)
