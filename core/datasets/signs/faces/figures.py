"""People and animals as pictograms, in coordinates from -1 to 1."""

from __future__ import annotations

from core.datasets.signs.faces.canvas import BLUE, Canvas, Colour


def walker(canvas: Canvas, colour: Colour) -> None:
    """Someone who walks to the left."""
    canvas.disc(0.04, -0.8, 0.2, colour)
    canvas.line([(0.04, -0.4), (0.08, 0.12)], 0.36, colour)
    canvas.line([(0.04, 0.1), (-0.2, 0.5), (-0.3, 0.95)], 0.19, colour)
    canvas.line([(0.12, 0.1), (0.26, 0.48), (0.52, 0.88)], 0.19, colour)
    canvas.line([(-0.06, -0.42), (-0.34, -0.12), (-0.48, 0.1)], 0.14, colour)
    canvas.line([(0.12, -0.42), (0.38, -0.16), (0.42, 0.12)], 0.14, colour)


def digger(canvas: Canvas, colour: Colour) -> None:
    """Someone with a spade, bent over a heap."""
    canvas.disc(0.02, -0.72, 0.2, colour)
    canvas.line([(0.16, -0.36), (0.42, 0.06)], 0.34, colour)
    canvas.line([(0.4, 0.08), (0.14, 0.4), (0.18, 0.92)], 0.2, colour)
    canvas.line([(0.46, 0.08), (0.62, 0.48), (0.8, 0.92)], 0.2, colour)
    canvas.line([(0.12, -0.34), (-0.1, 0), (0.02, 0.14)], 0.15, colour)
    canvas.line([(0.34, -0.06), (-0.5, 0.52)], 0.1, colour)
    canvas.polygon([(-1, 0.95), (-0.62, 0.38), (-0.34, 0.52), (-0.1, 0.95)], colour)


def walker_on_crossing(canvas: Canvas, colour: Colour) -> None:
    walker(canvas.at(0, -0.22, 0.72), colour)
    for x in (-0.66, -0.22, 0.22, 0.66):
        canvas.polygon([(x - 0.13, 0.98), (x - 0.09, 0.62), (x + 0.09, 0.62), (x + 0.13, 0.98)], colour)


def crossing_triangle(canvas: Canvas, ground: Colour, colour: Colour = BLUE) -> None:
    """The white triangle of the blue sign, with the walker in it."""
    canvas.polygon([(0, -1), (1, 0.9), (-1, 0.9)], ground)
    walker_on_crossing(canvas.at(0, 0.28, 0.6), colour)


def deer(canvas: Canvas, colour: Colour) -> None:
    """In mid leap, to the left."""
    canvas.polygon([(-0.42, -0.22), (-0.1, -0.12), (0.5, -0.02), (0.68, 0.22), (0.3, 0.3), (-0.3, 0.16)], colour)
    canvas.polygon([(-0.46, -0.02), (-0.66, -0.46), (-0.44, -0.56), (-0.16, -0.08)], colour)
    canvas.polygon([(-0.94, -0.42), (-0.62, -0.68), (-0.42, -0.54), (-0.6, -0.38)], colour)
    canvas.line([(-0.52, -0.6), (-0.3, -0.78), (-0.36, -1)], 0.08, colour)
    canvas.line([(-0.32, -0.76), (-0.1, -0.92)], 0.08, colour)
    canvas.line([(-0.32, 0.08), (-0.66, 0.2), (-0.52, 0.5)], 0.12, colour)
    canvas.line([(-0.2, 0.12), (-0.42, 0.44), (-0.2, 0.66)], 0.12, colour)
    canvas.line([(0.58, 0.16), (0.66, 0.5), (0.94, 0.78)], 0.13, colour)
    canvas.line([(0.5, 0.2), (0.42, 0.52), (0.64, 0.86)], 0.13, colour)
