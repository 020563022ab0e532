"""Text and signs on a Pillow drawing, in the one font that Pillow brings along."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from PIL import ImageDraw, ImageFont

from core.compare.changes import Direction

PAPER, INK, MUTED, LINE = "#FFFFFF", "#1C1C1C", "#5F5F5F", "#DDDDDD"
Point = tuple[int, int]


@cache
def font(pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(pixels)


def plain(text: str) -> str:
    """The text in the built-in font's letters, which are ASCII's: "café · 貓" gives "cafe · ?"."""
    bare = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return "".join(letter if letter == "·" or (letter.isascii() and letter.isprintable()) else "?" for letter in bare)


def fit(text: str, pixels: int, room: int) -> str:
    """The text, cut and ended with an ellipsis where it is wider than `room` pixels."""
    if font(pixels).getlength(text) <= room:
        return text
    while text and font(pixels).getlength(f"{text}…") > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


@dataclass(frozen=True)
class Pen:
    """What draws on one image."""

    draw: ImageDraw.ImageDraw

    def text(
        self,
        at: Point,
        text: str,
        pixels: int,
        colour: str = INK,
        *,
        anchor: Literal["la", "ra"] = "la",
        room: int | None = None,
    ) -> None:
        """Text from `at`, its top left corner (`la`) or top right (`ra`)."""
        shown = plain(text) if room is None else fit(plain(text), pixels, room)
        self.draw.text(at, shown, fill=colour, font=font(pixels), anchor=anchor)

    def arrow(self, centre: Point, direction: Direction) -> None:
        """A sign of 10 by 8 pixels: triangle up or down, dash for the same rank, plus for a newcomer."""
        x, y = centre
        if direction == "same":
            self.draw.line((x - 4, y, x + 4, y), fill=MUTED, width=2)
        elif direction == "new":
            self.draw.line((x - 4, y, x + 4, y), fill=INK, width=2)
            self.draw.line((x, y - 4, x, y + 4), fill=INK, width=2)
        else:
            tip = y - 4 if direction == "up" else y + 4
            base = y + 4 if direction == "up" else y - 4
            self.draw.polygon([(x - 5, base), (x + 5, base), (x, tip)], fill=INK)
