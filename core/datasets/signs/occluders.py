"""What hides a part of a sign: leaves, a post, a sticker, snow or mud, the edge of something in front.

It never hides what the sign is: of all that tells a face from any other one, at least FIXED.telling stays visible.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.datasets.signs.backgrounds import GREENS, ROADS, WALLS, Colour, varied
from core.datasets.signs.difficulty import FIXED, Rng, between, chance, whole
from core.datasets.signs.faces.canvas import Point, arc
from core.datasets.signs.faces.pyramid import THUMBNAIL, differences, thumbnails

TRIES = 4
FAR = 2.2  # sides of the sign; much farther, perspective would turn a point inside out
Polygon = tuple[list[Point], Colour]


@dataclass(frozen=True)
class Occluder:
    """Polygons in the face's coordinates (0..1; they may reach beyond it), and the share of the face that they hide.

    What is `stuck` lies on the face and ends where it does.
    """

    polygons: tuple[Polygon, ...] = ()
    share: float = 0.0
    stuck: bool = False


def draw_occluder(rng: Rng, label: int) -> Occluder:
    """Often none; one that hides too much is drawn anew, a few times."""
    if not chance(rng, FIXED.occluded):
        return Occluder()
    for _ in range(TRIES):
        kind = KINDS[int(rng.random() * len(KINDS))]
        polygons = kind(rng)
        hidden = mask(polygons)
        if telling(label, hidden) >= FIXED.telling:
            return Occluder(tuple(polygons), _share(label, hidden), kind in STUCK)
    return Occluder()


def mask(polygons: list[Polygon]) -> NDArray[np.float32]:
    """[576]: how much of each pixel of the thumbnail is hidden, from 0 to 1."""
    image = Image.new("L", (2 * THUMBNAIL, 2 * THUMBNAIL))
    pen = ImageDraw.Draw(image)
    for points, _ in polygons:
        pen.polygon([(2 * THUMBNAIL * x, 2 * THUMBNAIL * y) for x, y in points], fill=255)
    return np.asarray(image.reduce(2), np.float32).ravel() / np.float32(255)


def telling(label: int, hidden: NDArray[np.float32]) -> float:
    """The visible share of what tells the face from another one, for the one of which the least is left."""
    apart = differences()[label]
    left = apart @ (1 - hidden)
    whole = apart.sum(axis=1)
    whole[label] = left[label] = 1
    return float((left / whole).min())


def _share(label: int, hidden: NDArray[np.float32]) -> float:
    opaque = thumbnails()[label, ..., 3].ravel()
    return float(hidden @ opaque / opaque.sum())


def _leaves(rng: Rng) -> list[Polygon]:
    """A twig that comes in from the edge."""
    angle, depth = between(rng, (0, 2 * math.pi)), between(rng, (0.3, 0.56))
    x, y = 0.5 + depth * math.cos(angle), 0.5 + depth * math.sin(angle)
    leaves = rng.random((whole(rng, (3, 9)), 4)).tolist()
    return [
        (_leaf(x + 0.4 * (u - 0.5), y + 0.4 * (v - 0.5), 0.06 + 0.08 * r, 360 * t), varied(rng, GREENS))
        for u, v, r, t in leaves
    ]


def _leaf(x: float, y: float, length: float, turn: float) -> list[Point]:
    """An ellipse half as wide as long, with 12 corners."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    ring = arc(0, 0, length, 0, 360, 12)
    return [(x + cos * u - sin * v / 2, y + sin * u + cos * v / 2) for u, v in ring]


def _post(rng: Rng) -> list[Polygon]:
    """A lamp post in front of the sign."""
    x, half, lean = between(rng, (0.05, 0.95)), between(rng, (0.02, 0.07)), between(rng, (-0.2, 0.2))
    top, bottom = between(rng, (-2, -0.2)), FAR
    corners = [(x + lean * y + side * half, y) for y, side in ((top, -1), (top, 1), (bottom, 1), (bottom, -1))]
    return [(corners, varied(rng, ROADS))]


def _branch(rng: Rng) -> list[Polygon]:
    """A bare branch or a cable, all across."""
    y, half, lean = between(rng, (0.05, 0.95)), between(rng, (0.012, 0.035)), between(rng, (-0.4, 0.4))
    ends = ((-FAR, -1), (FAR, -1), (FAR, 1), (-FAR, 1))
    return [([(0.5 + x, y + lean * x + side * half) for x, side in ends], varied(rng, (*ROADS, (60, 45, 30))))]


def _sticker(rng: Rng) -> list[Polygon]:
    x, y, wide, high = (between(rng, limits) for limits in ((0.1, 0.8), (0.1, 0.8), (0.08, 0.24), (0.06, 0.18)))
    corners = [(x, y), (x + wide, y + between(rng, (-0.05, 0.05))), (x + wide, y + high), (x, y + high)]
    return [(corners, (int(255 * rng.random()), int(255 * rng.random()), int(255 * rng.random())))]


def _cover(rng: Rng) -> list[Polygon]:
    """Snow lies on top; mud sticks to the lower part."""
    snow, depth = chance(rng, 0.6), between(rng, (0.12, 0.34))
    wave = (depth + 0.12 * (rng.random(9) - 0.5)).tolist()
    edge = [(index / 8, height) for index, height in enumerate(wave)]
    if snow:
        return [([(0, 0), *edge, (1, 0)], (238, 240, 245))]
    return [([(0, 1), *((x, 1 - y) for x, y in edge), (1, 1)], varied(rng, ((95, 75, 55),)))]


def _edge(rng: Rng) -> list[Polygon]:
    """A wall, a van or a hedge that covers one side, or the lower part."""
    angle = math.pi / 2 * whole(rng, (0, 2)) + between(rng, (-0.12, 0.12))
    depth, u, v = between(rng, (0.18, 0.42)), math.cos(angle), math.sin(angle)
    x, y = 0.5 + depth * u, 0.5 + depth * v
    corners = [(x + s * u - t * v, y + s * v + t * u) for s, t in ((0, -1), (1.2, -1), (1.2, 1), (0, 1))]
    return [(corners, varied(rng, WALLS + ROADS + GREENS))]


KINDS: tuple[Callable[[Rng], list[Polygon]], ...] = (_leaves, _leaves, _post, _branch, _sticker, _cover, _edge)
STUCK = (_sticker, _cover)
