"""The signs that are not round: warnings, who goes first, places, and which way the road goes."""

from __future__ import annotations

from core.datasets.signs.faces import arrows, figures, vehicles
from core.datasets.signs.faces.canvas import BLACK, RED, WHITE, Canvas
from core.datasets.signs.faces.plates import CHEVRONS, DIRECTION, GIVE_WAY, PLACE, PRIORITY, STOP, WARNING
from core.datasets.signs.faces.sign import Paint, Sign


def _inner(canvas: Canvas, mirrored: bool = False) -> Canvas:
    """The white middle of a warning triangle."""
    return canvas.at(0.5, 0.585, 0.2, mirrored)


def _exclamation(canvas: Canvas) -> None:
    canvas.line([(0, -0.78), (0, 0.3)], 0.34, BLACK)
    canvas.disc(0, 0.82, 0.23, BLACK)


def _warning(name: str, paint: Paint, mirrored: bool = False) -> Sign:
    return Sign(name, "warnings", WARNING, lambda canvas: paint(_inner(canvas, mirrored)))


def _end_of_priority(canvas: Canvas) -> None:
    for shift in (-0.09, -0.03, 0.03, 0.09):
        canvas.line([(0.22 + shift, 0.78 + shift), (0.78 + shift, 0.22 + shift)], 0.03, BLACK, round_ends=False)


WARNINGS = (
    _warning("Danger", _exclamation),
    _warning("Crossroads", lambda canvas: vehicles.crossing_roads(canvas.at(0, 0.1, 1), BLACK)),
    _warning("Bend to the left", lambda canvas: arrows.bend_left(canvas, BLACK)),
    _warning("Bend to the right", lambda canvas: arrows.bend_left(canvas, BLACK), True),
    _warning("Double bend (left first)", lambda canvas: arrows.double_bend_left_first(canvas, BLACK)),
    _warning("Double bend (right first)", lambda canvas: arrows.double_bend_left_first(canvas, BLACK), True),
    _warning("Uneven road", lambda canvas: vehicles.bumps(canvas.at(0, 0.2, 1.1), BLACK)),
    _warning("Slippery road", lambda canvas: vehicles.slippery_car(canvas, BLACK)),
    _warning("Road narrows", lambda canvas: vehicles.narrowing(canvas, BLACK)),
    _warning("Two-way traffic", lambda canvas: arrows.two_way(canvas.at(0, 0.1, 0.95), BLACK)),
    _warning("Traffic lights", vehicles.traffic_lights),
    _warning("Pedestrians", lambda canvas: figures.walker_on_crossing(canvas.at(0, -0.02, 1.1), BLACK)),
    _warning("Cyclists", lambda canvas: vehicles.cycle(canvas.at(0, 0.3, 1), BLACK, 0.15)),
    _warning("Roadworks", lambda canvas: figures.digger(canvas.at(0, 0.02, 1.05), BLACK)),
    _warning("Wild animals", lambda canvas: figures.deer(canvas.at(0, 0.12, 1.02), BLACK)),
)

PRIORITIES = (
    Sign("Stop", "priority", STOP, lambda canvas: canvas.text("STOP", (0.12, 0.37, 0.88, 0.63), WHITE)),
    Sign("Give way", "priority", GIVE_WAY, lambda canvas: None),
    Sign("Priority road", "priority", PRIORITY, lambda canvas: None),
    Sign("End of priority road", "priority", PRIORITY, _end_of_priority),
)

PLACES = (
    Sign("Parking", "places", PLACE, lambda canvas: canvas.text("P", (0.34, 0.24, 0.68, 0.76), WHITE)),
    Sign(
        "Pedestrian crossing",
        "places",
        PLACE,
        lambda canvas: figures.crossing_triangle(canvas.at(0.5, 0.5, 0.31), WHITE),
    ),
    Sign("Dead end", "places", PLACE, lambda canvas: vehicles.dead_end(canvas.at(0.5, 0.5, 0.31), WHITE, RED)),
)

DIRECTIONS = (
    Sign("One way to the left", "directions", DIRECTION, lambda canvas: _along(canvas, -90)),
    Sign("One way to the right", "directions", DIRECTION, lambda canvas: _along(canvas, 90)),
    Sign("Sharp bend to the left", "directions", CHEVRONS, lambda canvas: _sharp(canvas, False)),
    Sign("Sharp bend to the right", "directions", CHEVRONS, lambda canvas: _sharp(canvas, True)),
)


def _along(canvas: Canvas, turn: float) -> None:
    arrows.arrow(canvas.at(0.5, 0.5, 0.4, turn=turn), [(0, 0.95), (0, -0.95)], WHITE, 0.3, 2.8, 1.9)


def _sharp(canvas: Canvas, mirrored: bool) -> None:
    vehicles.chevrons(canvas.at(0.5, 0.5, 0.29, mirrored), WHITE)
