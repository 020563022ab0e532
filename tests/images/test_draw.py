"""Boxes on a picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.images.draw import DrawnBox, draw_boxes, line_width

GREY = (128, 128, 128)
ORANGE = (0xE6, 0x9F, 0x00)
BOX = DrawnBox((40, 30, 160, 120), "#E69F00")


def drawn(*boxes: DrawnBox, size: tuple[int, int] = (200, 150)) -> np.ndarray:
    """[height, width, 3] of grey with the boxes on it."""
    return np.asarray(draw_boxes(Image.new("RGB", size, GREY), boxes))


def test_the_line_is_on_the_box_and_nowhere_else() -> None:
    pixels = drawn(BOX)
    for place in ((30, 100), (120, 100), (75, 40), (75, 160)):
        assert tuple(pixels[place]) == ORANGE
    assert (pixels[40:110, 50:150] == GREY).all()
    assert (pixels[:25] == GREY).all() and (pixels[126:] == GREY).all()


def test_a_dark_halo_lies_along_the_line() -> None:
    column = drawn(BOX)[25:40, 100]
    assert {tuple(pixel) for pixel in column} == {GREY, ORANGE, (0, 0, 0)}


def test_the_picture_itself_is_left_alone() -> None:
    image = Image.new("RGB", (200, 150), GREY)
    draw_boxes(image, [BOX])
    assert image.getextrema() == ((128, 128),) * 3


@pytest.mark.parametrize(
    ("size", "width"), [((64, 64), 2), ((1_000, 750), 6), ((7_000, 7_000), 42), ((65_535, 1), 2), ((3_000, 160), 10)]
)
def test_lines_grow_with_the_picture_but_never_cover_it(size: tuple[int, int], width: int) -> None:
    assert line_width(*size) == width


@pytest.mark.parametrize(
    "box", [(10, 10, 10, 10), (-50, -50, 500, 500), (199.6, 149.6, 199.9, 149.9), (0, 0, 200, 150), (160, 120, 40, 30)]
)
def test_any_box_can_be_drawn(box: tuple[float, float, float, float]) -> None:
    assert drawn(DrawnBox(box, "#E69F00")).shape == (150, 200, 3)
    assert drawn(DrawnBox(box, "#E69F00"), size=(1, 1)).shape == (1, 1, 3)
