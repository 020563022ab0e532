"""A picture made small, and boxes drawn on it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

from core.images.crop import Box

LINE_SHARE = 0.006
THICKEST = 16  # lines across the shorter side


@dataclass(frozen=True)
class DrawnBox:
    """A box in the picture's pixels, and its colour (#RRGGBB)."""

    box: Box
    colour: str


def shrink(image: Image.Image, side: int) -> Image.Image:
    """At most `side` pixels wide and high, for people's eyes: a photograph of 12 million pixels takes a few milliseconds."""
    scale = side / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def data_uri(image: Image.Image, format: str) -> str:
    """The picture as an address that holds it: `data:image/jpeg;base64,...` for "JPEG"."""
    stream = io.BytesIO()
    image.save(stream, format, quality=85)
    return f"data:image/{format.lower()};base64,{base64.b64encode(stream.getvalue()).decode()}"


def draw_boxes(image: Image.Image, boxes: Sequence[DrawnBox]) -> Image.Image:
    """A copy with the boxes on it: a dark halo under each line, so that it shows on any ground; lines grow with the picture."""
    drawn = image.copy()
    pen = ImageDraw.Draw(drawn)
    width = line_width(*image.size)
    for one in map(_upright, boxes):
        pen.rectangle(one.box, outline="black", width=2 * width)
        pen.rectangle(one.box, outline=one.colour, width=width)
    return drawn


def _upright(one: DrawnBox) -> DrawnBox:
    """A network may give a box whose right edge is left of its left one; Pillow draws none of that kind."""
    x0, y0, x1, y1 = one.box
    return replace(one, box=(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))


def line_width(width: int, height: int) -> int:
    """Pixels: 0.6 % of the longer side, at least 2, and never so thick that it covers a thin picture. 6 for 1,000 x 750."""
    return max(2, min(round(LINE_SHARE * max(width, height)), min(width, height) // THICKEST))
