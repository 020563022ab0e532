"""The square that the networks see, and the way back from it to the picture's own pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Crop:
    """A square: its place as a share of the free way (0 left or top, 1 right or bottom), its side as a share of the largest.

    The largest square of a picture is its shorter side's.
    """

    x: float = 0.5
    y: float = 0.5
    size: float = 1.0


def crop_box(width: int, height: int, crop: Crop, fraction: float = 1.0) -> Box:
    """The crop in pixels: x0, y0, x1, y1. `fraction` is the part of the square, about its centre, that the network sees.

    A 400 x 300 picture and the default crop give (50, 0, 350, 300); with fraction 0.5, (125, 75, 275, 225).
    """
    side = max(1.0, min(width, height) * crop.size)
    seen = max(1.0, side * fraction)
    left = (width - side) * crop.x + (side - seen) / 2
    top = (height - side) * crop.y + (side - seen) / 2
    return (left, top, min(left + seen, width), min(top + seen, height))


def cut(image: Image.Image, box: Box, side: int) -> Image.Image:
    """The box, scaled to side x side pixels with an antialiased triangle filter."""
    return image.resize((side, side), Image.Resampling.BILINEAR, box=box)


def middle(image: Image.Image, side: int, fraction: float) -> NDArray[np.uint8]:
    """The middle `fraction` of the largest square, as Compare shows it by default: uint8 [3, side, side]."""
    box = crop_box(image.width, image.height, Crop(), fraction)
    return np.asarray(cut(image, box, side)).transpose(2, 0, 1)


def to_picture(box: Box, crop: Box) -> Box:
    """A box in fractions of the crop, in the picture's pixels and clipped to the crop.

    (0, 0, 0.5, 1) of the crop (50, 0, 350, 300) is (50, 0, 200, 300).
    """
    left, top, right, bottom = crop
    x0, y0, x1, y1 = (min(max(value, 0.0), 1.0) for value in box)
    width, height = right - left, bottom - top
    return (left + x0 * width, top + y0 * height, left + x1 * width, top + y1 * height)
