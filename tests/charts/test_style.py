"""One colour and one marker for each format, legible on light and dark."""

from __future__ import annotations

import itertools

import pytest
from plotly.validator_cache import ValidatorCache

from core.charts import style
from core.charts.style import duration, look, marker, mix, size
from core.errors import RequestError
from core.formats import FORMATS, Kind, NumberFormat
from core.variant import Variant

EVERY = [*FORMATS, *(f"fixed{bits}" for bits in (2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15))]
OKABE_ITO = {"#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}


def test_no_two_formats_share_a_colour_or_a_marker() -> None:
    looks = [look(name) for name in EVERY]
    assert len({own.colour for own in looks}) == len({own.marker for own in looks}) == len(EVERY)


def test_the_registered_formats_use_the_palette() -> None:
    assert {look(name).colour for name in style.LOOKS if name != "fp32"} < OKABE_ITO


SPARE = ("tf32", "e4m3", "e5m2", "int4", "posit16")


@pytest.fixture
def five_new_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registered, and nothing else."""
    for name in SPARE:
        kind: Kind = "affine" if name == "int4" else "float"
        monkeypatch.setitem(FORMATS, name, NumberFormat(name, name.upper(), kind, 4, 8, "A new one."))


def test_a_new_format_needs_its_registry_line_alone(five_new_formats: None) -> None:
    symbols = ValidatorCache.get_validator("scatter.marker", "symbol").values
    looks = [look(name) for name in SPARE]
    named = [look(name) for name in EVERY]
    assert looks == [look(name.upper()) for name in SPARE]
    assert len({own.colour for own in (*looks, *named)}) == len(SPARE) + len(EVERY)
    assert not {own.marker for own in looks}.intersection(own.marker for own in named)
    assert {own.marker for own in looks} <= set(symbols)
    assert len({own.marker for own in looks}) == len({own.glyph for own in looks}) == 4
    assert not {own.glyph for own in looks}.intersection(own.glyph for own in named)
    for own in looks:
        assert min(contrast(own.colour, "#FFFFFF"), contrast(own.colour, "#0E1117")) >= 1.7


def test_composed_formats_differ_from_their_parts() -> None:
    names = ["fixed4", "fixed8", "w4a8", "w8a4"]
    for one, other in itertools.combinations(names, 2):
        assert look(one).marker != look(other).marker
    assert look("w4a8").marker == "triangle-down-open"
    assert look("w8a8") == look("fixed8")


@pytest.mark.parametrize("name", [*EVERY, "w4a8", "w16a2"])
def test_markers_are_plotly_symbols(name: str) -> None:
    symbols = ValidatorCache.get_validator("scatter.marker", "symbol").values
    assert look(name).marker in symbols


def test_each_marker_has_a_letter_of_its_own() -> None:
    """Hollow or not, for every width of weights with every other of activations."""
    composed = [f"w2a{bits}" for bits in range(3, 17)] + ["w16a2"]
    looks = [look(name) for name in (*EVERY, *composed)]
    assert len({own.glyph for own in looks}) == len({own.marker for own in looks})


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(RequestError):
        look("fixed99")


def contrast(a: str, b: str) -> float:
    """WCAG 2's contrast ratio: 21 for black on white."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_neutral_baseline_is_legible_on_both_backgrounds() -> None:
    assert min(contrast(style.NEUTRAL, "#FFFFFF"), contrast(style.NEUTRAL, "#0E1117")) >= 3


@pytest.mark.parametrize("name", EVERY)
def test_no_colour_drowns_in_either_background(name: str) -> None:
    assert min(contrast(look(name).colour, "#FFFFFF"), contrast(look(name).colour, "#0E1117")) >= 1.7


def test_only_retrain_has_an_outline() -> None:
    raw, retrained = (marker(Variant("vgg16", "photos", "fixed8", regime), 9) for regime in ("raw", "retrain"))
    assert raw["line"]["width"] == 0
    assert retrained["line"]["width"] > 0
    assert raw["color"] == retrained["color"]


@pytest.mark.parametrize(("part", "expected"), [(0, "#000000"), (0.5, "#804000"), (1, "#FF8000")])
def test_mix(part: float, expected: str) -> None:
    assert mix("#000000", "#FF8000", part) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1_040_000, "1.04 MB"), (999, "1.00 kB"), (530_000, "530.00 kB"), (553_000_000, "553.00 MB")],
)
def test_size(count: int, expected: str) -> None:
    assert size(count) == expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([1_040_000, 530_000, 1_500], ["1.040 MB", "0.530 MB", "0.002 MB"]),
        ([999_999, 1_500], ["1000.00 kB", "1.50 kB"]),
        ([553_000_000, 1_040_000], ["553.00 MB", "1.04 MB"]),
        ([], []),
    ],
)
def test_a_tables_sizes_have_one_unit(counts: list[int], expected: list[str]) -> None:
    assert style.sizes(counts) == expected


def test_a_figure_leaves_text_and_background_to_the_page() -> None:
    layout = style.figure("A finding", "What is drawn", 200).to_plotly_json()["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0, 0, 0, 0)"
    assert "color" not in layout.get("font", {})
    assert "title" not in layout and layout["meta"] == {"finding": "A finding", "drawn": "What is drawn"}


@pytest.mark.parametrize("colour", [look(name).colour for name in EVERY])
def test_a_dark_line_in_a_light_edge_is_seen_on_every_colour(colour: str) -> None:
    assert max(contrast(style.DARK, colour), contrast(style.LIGHT, colour)) >= 3


@pytest.mark.parametrize(
    ("milliseconds", "words"), [(0.4, "0 ms"), (12.4, "12 ms"), (1000, "1.0 s"), (3665.2, "3.7 s")]
)
def test_durations_as_people_read_them(milliseconds: float, words: str) -> None:
    assert duration(milliseconds) == words


def test_columns_keep_the_formats_order_with_raw_first() -> None:
    """Also where the network that comes first has not all of them."""
    asked = [
        ("vgg16", "fp32", "raw"),
        ("vgg16", "int8", "raw"),
        ("squeezenet", "fp32", "retrain"),
        ("squeezenet", "int8", "raw"),
    ]
    found = style.columns(Variant(network, "photos", name, regime) for network, name, regime in asked)
    assert found == ["FP32", "FP32 RE-TRAIN", "INT8"]
