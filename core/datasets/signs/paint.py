"""Put one sign into a picture: its post, its face through the pose, and what hides a part of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.datasets.signs.backgrounds import ROADS, varied
from core.datasets.signs.difficulty import FIXED, Rng, between, chance
from core.datasets.signs.faces.pyramid import face
from core.datasets.signs.occluders import Occluder
from core.datasets.signs.pose import Pose, adjugate
from core.images.crop import Box

Pixels = NDArray[np.float32]
BLEACHED = 195  # the grey that the sun turns every colour into
Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class Placed:
    """A sign in a picture, before light and camera."""

    label: int
    pose: Pose
    fade: float
    occluder: Occluder


def draw_fade(rng: Rng) -> float:
    """Most signs are fresh: the square of an even draw."""
    return between(rng, FIXED.fade) * rng.random()


def put_post(pixels: Pixels, pose: Pose, rng: Rng) -> None:
    """In place. Some signs hang on a wall or overhead and have none."""
    x0, y0, x1, y1 = pose.box
    half = pose.size * between(rng, (0.03, 0.06))
    left, right = round((x0 + x1) / 2 - half), round((x0 + x1) / 2 + half)
    colour = varied(rng, ROADS)
    if chance(rng, 0.65):
        pixels[round((y0 + y1) / 2) :, max(left, 0) : max(right, left + 1, 1)] = colour


def put_sign(pixels: Pixels, sign: Placed) -> None:
    """In place: the face, and what hides a part of it."""
    window = _window(sign.pose.box, pixels)
    colour, opacity = _face(sign, window)
    _lay(pixels, window, colour * (1 - sign.fade) + BLEACHED * sign.fade * opacity, opacity)
    if not sign.occluder.polygons:
        return
    if not sign.occluder.stuck:
        window, opacity = _window(occluder_box(sign), pixels), np.ones((1, 1, 1), np.float32)
    if window[0] < window[2] and window[1] < window[3]:
        colour, cover = _occluder(sign, window)
        _lay(pixels, window, colour * opacity, cover * opacity)


def _face(sign: Placed, window: Window) -> tuple[Pixels, Pixels]:
    """Colours times opacity [h, w, 3], 0 to 255, and opacity [h, w, 1], 0 to 1."""
    left, top, right, bottom = window
    source = face(sign.label, sign.pose.size)
    coefficients = _backwards(sign.pose.matrix, source.width, left, top)
    method, smooth = Image.Transform.PERSPECTIVE, Image.Resampling.BILINEAR
    return _split(source.transform((right - left, bottom - top), method, coefficients, smooth))


def _occluder(sign: Placed, window: Window) -> tuple[Pixels, Pixels]:
    """As `_face`. Drawn twice as large, so that its edges are smooth."""
    left, top, right, bottom = window
    layer = Image.new("RGBA", (2 * (right - left), 2 * (bottom - top)))
    pen = ImageDraw.Draw(layer)
    for points, colour in sign.occluder.polygons:
        corners = 2 * (sign.pose.project(points) - (left, top))
        pen.polygon([(x, y) for x, y in corners.tolist()], fill=colour)
    return _split(layer.convert("RGBa").reduce(2))


def _split(image: Image.Image) -> tuple[Pixels, Pixels]:
    values = np.asarray(image, np.float32)
    return values[..., :3], values[..., 3:] / np.float32(255)


def occluder_box(sign: Placed) -> Box:
    """What the occluder covers in the picture, in pixels."""
    points = np.concatenate([sign.pose.project(points) for points, _ in sign.occluder.polygons])
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return (x0, y0, x1, y1)


def _lay(pixels: Pixels, window: Window, colour: Pixels, opacity: Pixels) -> None:
    left, top, right, bottom = window
    part = pixels[top:bottom, left:right]
    part *= 1 - opacity
    part += colour


def _window(box: Box, pixels: Pixels) -> Window:
    """Whole pixels about the box, within the picture."""
    x0, y0, x1, y1 = box
    high, wide = pixels.shape[:2]
    return (
        max(0, math.floor(x0)),
        max(0, math.floor(y0)),
        min(wide, math.ceil(x1)),
        min(high, math.ceil(y1)),
    )


def _backwards(matrix: NDArray[np.float64], side: int, left: int, top: int) -> list[float]:
    """Pillow's eight coefficients: from a pixel of the window to the pixel of a face of `side` pixels that it shows."""
    shift = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], np.float64)
    back = np.diag((side, side, 1.0)) @ adjugate(matrix) @ shift
    return [float(value) for value in (back / back[2, 2]).ravel()[:8]]
