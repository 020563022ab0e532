"""Every face drawn once and kept in several sizes, so that a small sign is taken from a small face and does not flicker."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.datasets.signs.faces.catalogue import SIGNS

SIDES = (128, 64, 32)
THUMBNAIL = 24


@cache
def faces(label: int) -> tuple[Image.Image, ...]:
    """One face in each of SIDES, its colours multiplied by its opacity (Pillow's mode RGBa)."""
    drawn = SIGNS[label].draw().image.convert("RGBa")
    return tuple(drawn.reduce(drawn.width // side) for side in SIDES)


def face(label: int, size: float) -> Image.Image:
    """The smallest that is not below `size` pixels: for a sign of 40 pixels the one of 64."""
    fitting = [image for image in faces(label) if image.width >= size]
    return fitting[-1] if fitting else faces(label)[0]


@cache
def thumbnails() -> NDArray[np.float32]:
    """[classes, 24, 24, 4], colours over middle grey and then the opacity, all from 0 to 1."""
    small = [
        SIGNS[label].draw().image.convert("RGBa").resize((THUMBNAIL,) * 2, Image.Resampling.BOX) for label in _all()
    ]
    values = np.stack([np.asarray(image, np.float32) for image in small]) / np.float32(255)
    values[..., :3] += (1 - values[..., 3:]) / 2
    return values


@cache
def differences() -> NDArray[np.float32]:
    """[classes, classes, 576]: how much two faces differ at each pixel of their thumbnails, squared and summed over colours."""
    colours = thumbnails()[..., :3].reshape(len(SIGNS), 1, -1, 3)
    apart = np.square(colours - colours.transpose(1, 0, 2, 3)).sum(axis=3)
    return np.asarray(apart, np.float32)


def _all() -> range:
    return range(len(SIGNS))
