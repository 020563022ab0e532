"""Arrows: paths with a head, in coordinates from -1 to 1. Mirrored by the canvas, a left arrow is a right one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.datasets.signs.faces.canvas import Canvas, Colour, Point, arc


def arrow(
    canvas: Canvas, path: Sequence[Point], colour: Colour, width: float = 0.34, head: float = 2.7, length: float = 2.0
) -> None:
    """Along the path, its head's tip at the path's end; `head` and `length` are the head's, in widths of the shaft."""
    (x0, y0), (x1, y1) = path[-2], path[-1]
    reach = math.hypot(x1 - x0, y1 - y0)
    u, v = (x1 - x0) / reach, (y1 - y0) / reach
    long, half = length * width, head * width / 2
    neck = (x1 - u * long, y1 - v * long)
    canvas.polygon(
        [(x1, y1), (neck[0] - v * half, neck[1] + u * half), (neck[0] + v * half, neck[1] - u * half)], colour
    )
    canvas.line([*path[:-1], (neck[0] + u * long * 0.2, neck[1] + v * long * 0.2)], width, colour, round_ends=False)


def ahead(canvas: Canvas, colour: Colour) -> None:
    arrow(canvas, [(0, 1), (0, -1)], colour)


def turn_left_ahead(canvas: Canvas, colour: Colour) -> None:
    arrow(canvas, [(0.42, 0.9), (0.42, -0.05), (0.34, -0.22), (0.17, -0.3), (-0.95, -0.3)], colour)


def ahead_or_left(canvas: Canvas, colour: Colour) -> None:
    arrow(canvas, [(0.3, 1), (0.3, -1)], colour, 0.3, 2.6, 1.9)
    arrow(canvas, [(0.3, 0.45), (0.2, 0.3), (0, 0.22), (-0.95, 0.22)], colour, 0.28, 2.6, 1.9)


def roundabout(canvas: Canvas, colour: Colour) -> None:
    """Three arrows that chase each other, clockwise."""
    for start in (-115, 5, 125):
        path = arc(0, 0, 0.72, start, start + 62)
        x, y = arc(0, 0, 0.72, start + 62, start + 104, 1)[1]
        arrow(canvas, [*path, (x, y)], colour, 0.26, 2.7, 1.9)


def bend_left(canvas: Canvas, colour: Colour) -> None:
    arrow(canvas, [(0.42, 1), (0.42, 0.3), (0.34, 0.1), (-0.8, -0.82)], colour, 0.3)


def double_bend_left_first(canvas: Canvas, colour: Colour) -> None:
    path = [(0.52, 1), (0.52, 0.5), (0.44, 0.34), (-0.44, 0.02), (-0.52, -0.14), (-0.52, -1)]
    arrow(canvas, path, colour, 0.28, 2.6, 1.9)


def u_turn(canvas: Canvas, colour: Colour) -> None:
    """Up on the right, over, and down on the left."""
    over = arc(0.02, -0.4, 0.5, 0, -180)
    arrow(canvas, [(0.52, 0.95), *over, (-0.48, 0.85)], colour, 0.25, 3.0, 2.2)


def two_way(canvas: Canvas, colour: Colour) -> None:
    arrow(canvas, [(-0.42, -1), (-0.42, 0.9)], colour, 0.27)
    arrow(canvas, [(0.42, 0.9), (0.42, -1)], colour, 0.27)
