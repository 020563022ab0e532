"""Vehicles, lights and roads as pictograms, in coordinates from -1 to 1."""

from __future__ import annotations

from core.datasets.signs.faces.canvas import BLACK, GREEN, RED, WHITE, YELLOW, Canvas, Colour, arc


def car(canvas: Canvas, colour: Colour, pane: Colour = WHITE) -> None:
    """From behind: roof, body and two wheels."""
    canvas.polygon([(-0.62, -0.05), (-0.42, -0.78), (0.42, -0.78), (0.62, -0.05)], colour)
    canvas.polygon([(-0.42, -0.12), (-0.29, -0.58), (0.29, -0.58), (0.42, -0.12)], pane)
    canvas.line([(-0.66, 0.12), (0.66, 0.12)], 0.42, colour)
    canvas.polygon([(-0.86, 0.1), (0.86, 0.1), (0.86, 0.52), (-0.86, 0.52)], colour)
    for x in (-0.6, 0.6):
        canvas.polygon([(x - 0.22, 0.4), (x + 0.22, 0.4), (x + 0.22, 0.86), (x - 0.22, 0.86)], colour)


def lorry_behind(canvas: Canvas, colour: Colour, pane: Colour = WHITE) -> None:
    """From behind: a tall box on two wheels."""
    canvas.polygon([(-0.8, -1.1), (0.8, -1.1), (0.8, 0.5), (-0.8, 0.5)], colour)
    canvas.polygon([(-0.52, -0.82), (0.52, -0.82), (0.52, 0.08), (-0.52, 0.08)], pane)
    for x in (-0.52, 0.52):
        canvas.polygon([(x - 0.24, 0.4), (x + 0.24, 0.4), (x + 0.24, 0.86), (x - 0.24, 0.86)], colour)


def lorry(canvas: Canvas, colour: Colour, pane: Colour = WHITE) -> None:
    """From the side, its cab on the left."""
    canvas.polygon([(-0.3, -0.62), (1, -0.62), (1, 0.36), (-0.3, 0.36)], colour)
    canvas.polygon([(-1, 0.36), (-1, 0), (-0.78, -0.36), (-0.38, -0.36), (-0.38, 0.36)], colour)
    canvas.polygon([(-0.86, 0.02), (-0.72, -0.22), (-0.52, -0.22), (-0.52, 0.02)], pane)
    for x in (-0.62, 0.62):
        canvas.disc(x, 0.42, 0.29, pane)
        canvas.disc(x, 0.42, 0.22, colour)


def cycle(canvas: Canvas, colour: Colour, width: float = 0.13) -> None:
    for x in (-0.58, 0.58):
        canvas.line(arc(x, 0.28, 0.4, 0, 360), width, colour)
    frame = [(-0.58, 0.28), (-0.22, -0.3), (0.34, -0.3), (0, 0.28), (-0.58, 0.28)]
    canvas.line(frame, width, colour)
    canvas.line([(0, 0.28), (-0.3, -0.5)], width, colour)
    canvas.line([(-0.46, -0.52), (-0.12, -0.52)], width * 1.2, colour)
    canvas.line([(0.58, 0.28), (0.3, -0.58), (0.56, -0.66)], width, colour)


def slippery_car(canvas: Canvas, colour: Colour) -> None:
    """A tilted car and the two waves that its wheels draw."""
    car(canvas.at(0.08, -0.42, 0.55, turn=14), colour)
    for shift in (-0.4, 0.28):
        wave = [(shift + 0.22, 0.18), (shift - 0.06, 0.42), (shift + 0.22, 0.68), (shift - 0.06, 0.96)]
        canvas.line(wave, 0.15, colour)


def traffic_lights(canvas: Canvas, colour: Colour = BLACK) -> None:
    canvas.line([(0, -0.72), (0, 0.72)], 0.72, colour)
    for y, light in ((-0.66, RED), (0, YELLOW), (0.66, GREEN)):
        canvas.disc(0, y, 0.26, light)


def bumps(canvas: Canvas, colour: Colour) -> None:
    canvas.polygon([(-1, 0.3), (1, 0.3), (1, 0.62), (-1, 0.62)], colour)
    for x in (-0.48, 0.48):
        canvas.polygon([(x - 0.42, 0.32), *arc(x, 0.3, 0.42, 180, 360)], colour)


def narrowing(canvas: Canvas, colour: Colour) -> None:
    """Two kerbs that come closer together."""
    for side in (-1, 1):
        canvas.line([(side * 0.72, 1), (side * 0.72, 0.4), (side * 0.24, -0.15), (side * 0.24, -0.95)], 0.26, colour)


def crossing_roads(canvas: Canvas, colour: Colour) -> None:
    for side in (-1, 1):
        canvas.line([(-0.72, -0.72 * side), (0.72, 0.72 * side)], 0.4, colour, round_ends=False)


def dead_end(canvas: Canvas, road: Colour, bar: Colour) -> None:
    canvas.polygon([(-0.19, -0.3), (0.19, -0.3), (0.19, 1), (-0.19, 1)], road)
    canvas.polygon([(-0.72, -0.78), (0.72, -0.78), (0.72, -0.3), (-0.72, -0.3)], bar)


def chevrons(canvas: Canvas, colour: Colour) -> None:
    """Three of them, pointing left."""
    for x in (-1.15, -0.25, 0.65):
        points = [(x, 0), (x + 0.5, -0.55), (x + 0.86, -0.55), (x + 0.36, 0), (x + 0.86, 0.55), (x + 0.5, 0.55)]
        canvas.polygon(points, colour)
