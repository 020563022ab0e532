"""The plates that signs are painted on: convex shapes with round corners, each an outline and layers of colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.datasets.signs.faces.canvas import BLACK, BLUE, RED, WHITE, YELLOW, Canvas, Colour, Point, arc


@dataclass(frozen=True)
class Shape:
    """All that is within `radius` of the polygon: a disc is one corner with a large radius."""

    corners: tuple[Point, ...]
    radius: float

    def paint(self, canvas: Canvas, colour: Colour) -> None:
        if len(self.corners) > 2:
            canvas.polygon(self.corners, colour)
        canvas.line((*self.corners, self.corners[0]), 2 * self.radius, colour)

    def inset(self, depth: float) -> Shape:
        """The same shape, smaller by `depth` on every side. A radius of 0.48 less 0.08 is 0.40."""
        kept = max(self.radius - depth, min(self.radius, 0.01))
        rest = depth - (self.radius - kept)
        if rest <= 0 or len(self.corners) == 1:
            return replace(self, radius=kept)
        return Shape(tuple(_moved_in(self.corners, index, rest) for index in range(len(self.corners))), kept)

    def outline(self) -> list[Point]:
        """Points whose hull is the shape: a ring of them about each corner."""
        steps = 64 if len(self.corners) == 1 else 16
        return [point for x, y in self.corners for point in arc(x, y, self.radius, 0, 360, steps)]


def _moved_in(corners: Sequence[Point], index: int, depth: float) -> Point:
    """The corner `depth` inside of its two edges; the corners run clockwise on the page."""
    before, here, after = (corners[(index + step) % len(corners)] for step in (-1, 0, 1))
    (a, b), (c, d) = _inward(before, here), _inward(here, after)
    share = depth / (1 + a * c + b * d)
    return here[0] + share * (a + c), here[1] + share * (b + d)


def _inward(start: Point, end: Point) -> Point:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    return -dy / length, dx / length


@dataclass(frozen=True)
class Plate:
    """Layers from the outside in: how far each lies inside of the outline, and its colour."""

    shape: Shape
    layers: tuple[tuple[float, Colour], ...]

    def paint(self, canvas: Canvas) -> None:
        for depth, colour in self.layers:
            self.shape.inset(depth).paint(canvas, colour)


def _regular(count: int, reach: float, radius: float, turn: float, y: float = 0.5) -> Shape:
    """A polygon whose round corners reach `reach` from its middle; its first corner is at `turn` degrees."""
    return Shape(tuple(arc(0.5, y, reach - radius, turn, turn + 360, count)[:-1]), radius)


DISC = Shape(((0.5, 0.5),), 0.47)
TRIANGLE = Shape(((0.5, 0.115), (0.915, 0.835), (0.085, 0.835)), 0.065)
YIELD = Shape(tuple((1 - x, 1 - y) for x, y in TRIANGLE.corners), 0.065)
OCTAGON = _regular(8, 0.5, 0.03, 22.5)
DIAMOND = _regular(4, 0.49, 0.05, 0)
SQUARE = Shape(((0.11, 0.11), (0.89, 0.11), (0.89, 0.89), (0.11, 0.89)), 0.06)
BOARD = Shape(((0.06, 0.26), (0.94, 0.26), (0.94, 0.74), (0.06, 0.74)), 0.04)

RING = Plate(DISC, ((0, WHITE), (0.012, RED), (0.085, WHITE)))
END = Plate(DISC, ((0, BLACK), (0.02, WHITE)))
MANDATORY = Plate(DISC, ((0, WHITE), (0.022, BLUE)))
PARKING_BAN = Plate(DISC, ((0, WHITE), (0.012, RED), (0.085, BLUE)))
ENTRY_BAN = Plate(DISC, ((0, WHITE), (0.018, RED)))
WARNING = Plate(TRIANGLE, ((0, WHITE), (0.012, RED), (0.078, WHITE)))
GIVE_WAY = Plate(YIELD, ((0, WHITE), (0.012, RED), (0.1, WHITE)))
STOP = Plate(OCTAGON, ((0, WHITE), (0.028, RED)))
PRIORITY = Plate(DIAMOND, ((0, BLACK), (0.012, WHITE), (0.095, YELLOW)))
PLACE = Plate(SQUARE, ((0, WHITE), (0.024, BLUE)))
DIRECTION = Plate(BOARD, ((0, WHITE), (0.02, BLUE)))
CHEVRONS = Plate(BOARD, ((0, WHITE), (0.016, RED)))
