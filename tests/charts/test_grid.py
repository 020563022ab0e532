"""The PNG of the grid, opened again and looked at where something must be, and where nothing may be."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageChops

from core.charts.grid import COLUMN, LEFT, MARGIN, TITLE, to_png
from core.charts.ink import fit, font, plain
from core.charts.style import look
from core.compare.records import Answer
from tests.compare.examples import FP32, answer

PICTURE = Image.new("RGB", (400, 300), "#203040")
SCORES = FP32.probabilities
FORMATS = ("fp32", "fp16", "bf16", "fixed16", "fixed8", "int8")
SIX = [answer(name, SCORES) for name in FORMATS]


def drawn(answers: list[Answer], title: str = "cat.png") -> Image.Image:
    return Image.open(io.BytesIO(to_png(PICTURE, answers, {"torch": "2.14", "cuda": None}, title))).convert("RGB")


def colours(image: Image.Image) -> set[str]:
    return {"#{:02X}{:02X}{:02X}".format(*colour) for _, colour in image.getcolors(image.width * image.height)}


def changed(a: Image.Image, b: Image.Image) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(a, b).getbbox()


def test_columns_widen_the_picture_and_networks_lengthen_it() -> None:
    one = drawn(SIX)
    assert one.width == 2 * MARGIN + LEFT + COLUMN * 6
    two = drawn([*SIX, *(answer(name, SCORES, network="vgg16") for name in FORMATS)])
    assert two.width == one.width
    assert two.height > one.height + 5 * 30


def test_every_column_has_its_formats_colour() -> None:
    image = drawn(SIX)
    for column, name in enumerate(FORMATS):
        assert image.getpixel((MARGIN + LEFT + COLUMN * column + 50, TITLE + 2)) == Image.new(
            "RGB", (1, 1), look(name).colour
        ).getpixel((0, 0))


def test_a_changed_answer_changes_its_own_card_only() -> None:
    other = [*SIX[:4], answer("fixed8", (0.64, 0.15, 0.09, 0.03, 0.04, 0.05, 0.006, 0.004)), SIX[5]]
    box = changed(drawn(SIX), drawn(other))
    assert box is not None
    left = MARGIN + LEFT + COLUMN * 4
    assert left <= box[0] < box[2] <= left + COLUMN


def test_a_longer_bar_for_a_higher_score() -> None:
    def length(score: float) -> int:
        image = drawn([answer("fixed8", (score, 0.01, 0.01, 0.01, 0.01))])
        bars = image.crop((MARGIN + LEFT, TITLE + 46, MARGIN + LEFT + COLUMN, TITLE + 46 + 54))
        return sum(
            "#{:02X}{:02X}{:02X}".format(*bars.getpixel((x, 41))) == look("fixed8").colour for x in range(COLUMN)
        )

    assert 0 < length(0.3) < length(0.6)
    assert length(0.6) == pytest.approx(2 * length(0.3), abs=2)


def test_boxes_are_drawn_in_the_formats_colour_on_the_picture() -> None:
    bare = [answer("fp32", SCORES), answer("fixed8", SCORES)]
    boxed = [replace(given, box=box) for given, box in zip(bare, ((40, 30, 300, 200), (90, 60, 350, 280)), strict=True)]
    assert "#203040" not in colours(drawn(bare))
    card = drawn(boxed).crop((MARGIN + LEFT + COLUMN, 250, MARGIN + LEFT + 2 * COLUMN, drawn(boxed).height))
    assert {"#203040", look("fixed8").colour, look("fp32").colour} <= colours(card)


def test_a_missing_variant_and_a_missing_baseline_are_no_obstacle() -> None:
    assert drawn([answer("fixed8", SCORES), answer("int8", SCORES, network="vgg16")]).height > 300


def test_an_empty_or_reversed_box_is_drawn_all_the_same() -> None:
    odd = [answer("fp32", SCORES, box=(50, 50, 50, 50)), answer("fixed8", SCORES, box=(90, 90, 10, 10))]
    assert look("fixed8").colour in colours(drawn(odd))


def test_the_title_is_written_and_kept_inside() -> None:
    short, long = drawn(SIX, "a.png"), drawn(SIX, "a" * 900)
    assert changed(short, long) is not None
    assert short.size == long.size
    margin = long.crop((long.width - MARGIN, 0, long.width, 60))
    assert colours(margin) == {"#FFFFFF"}


def test_letters_outside_the_font_are_replaced() -> None:
    assert plain("café · 貓…\n") == "cafe · ?...?"


def test_fit_never_exceeds_its_room() -> None:
    assert fit("tabby", 15, 200) == "tabby"
    cut = fit("white-headed capuchin", 15, 80)
    assert cut.endswith("…")
    assert font(15).getlength(cut) <= 80


def test_a_retrained_column_has_a_frame_in_its_formats_colour_and_its_provenance() -> None:
    raw, own = answer("fixed8", SCORES), answer("fixed8", SCORES, regime="retrain")
    image = drawn([raw, replace(own, retrained="3 epochs on Signs")])
    colour = Image.new("RGB", (1, 1), look("fixed8").colour).getpixel((0, 0))
    at = [image.getpixel((MARGIN + LEFT + COLUMN * column - 4, TITLE + 20)) for column in (0, 1)]
    assert at[0] != colour and at[1] == colour
    assert changed(image, drawn([raw, own])) is not None
