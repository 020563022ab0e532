"""Where a sign's face is drawn: a transparent square in which 0, 0 is the upper left corner and 1, 1 the lower right one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

SIDE = 512  # drawn four times as large as it is kept, so that edges come out smooth
FONT_SIZE = 240
Point = tuple[float, float]
Colour = tuple[int, int, int]
Frame = tuple[float, float, float, float, float, float]

BLACK: Colour = (22, 22, 24)
WHITE: Colour = (244, 244, 240)
RED: Colour = (200, 16, 32)
BLUE: Colour = (0, 80, 170)
YELLOW: Colour = (250, 196, 0)
GREEN: Colour = (0, 140, 70)
GREY: Colour = (70, 72, 74)


class Canvas:
    """Draws points, lines and areas. `at` gives a canvas in coordinates of its own: a pictogram's, from -1 to 1."""

    def __init__(self, image: Image.Image | None = None, frame: Frame = (SIDE, 0, 0, 0, SIDE, 0)) -> None:
        self.image = image or Image.new("RGBA", (SIDE, SIDE))
        self._pen = ImageDraw.Draw(self.image)
        self._frame = frame
        a, b, _, d, e, _ = frame
        self._scale = math.sqrt(abs(a * e - b * d))

    def at(self, x: float, y: float, scale: float, mirrored: bool = False, turn: float = 0.0) -> Canvas:
        """Coordinates with their origin at x, y, `scale` long, mirrored left to right, then turned clockwise by degrees."""
        a, b, c, d, e, f = self._frame
        cos, sin = math.cos(math.radians(turn)) * scale, math.sin(math.radians(turn)) * scale
        sign = -1 if mirrored else 1
        p, q, r, s = sign * cos, -sin, sign * sin, cos
        return Canvas(
            self.image,
            (a * p + b * r, a * q + b * s, a * x + b * y + c, d * p + e * r, d * q + e * s, d * x + e * y + f),
        )

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        self._pen.polygon(self._pixels(points), fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        (u, v), r = self._pixels([(x, y)])[0], radius * self._scale
        self._pen.ellipse((u - r, v - r, u + r, v + r), fill=colour)

    def line(self, points: Sequence[Point], width: float, colour: Colour, round_ends: bool = True) -> None:
        """Through the points, with round joints."""
        pixels = self._pixels(points)
        self._pen.line(pixels, fill=colour, width=max(1, round(width * self._scale)))
        for x, y in points if round_ends else points[1:-1]:
            self.disc(x, y, width / 2, colour)

    def text(self, text: str, box: tuple[float, float, float, float], colour: Colour, weight: float = 0.05) -> None:
        """Letters that fill the box x0, y0, x1, y1 from edge to edge; `weight` thickens their strokes."""
        (x0, y0), (x1, y1) = self._pixels([box[:2], box[2:]])
        size = (max(1, round(x1 - x0)), max(1, round(y1 - y0)))
        mask = _letters(text, round(weight * FONT_SIZE)).resize(size, Image.Resampling.LANCZOS)
        self.image.paste(colour, (round(x0), round(y0)), mask)

    def _pixels(self, points: Sequence[Point]) -> list[Point]:
        a, b, c, d, e, f = self._frame
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in points]


@cache
def _letters(text: str, stroke: int) -> Image.Image:
    """The text as a mask cut to its ink, in Pillow's own font."""
    font = ImageFont.load_default(FONT_SIZE)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, stroke_width=stroke))
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).text((-left, -top), text, fill=255, font=font, stroke_width=stroke)
    return mask.crop(mask.getbbox())


def arc(x: float, y: float, radius: float, start: float, end: float, steps: int = 24) -> list[Point]:
    """Points of a circle from one angle to another, in degrees; 0 is to the right, 90 is down."""
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]
