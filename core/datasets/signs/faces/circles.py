"""The round signs: speed limits and their ends, prohibitions, and what is mandatory."""

from __future__ import annotations

from core.datasets.signs.faces import arrows, figures, vehicles
from core.datasets.signs.faces.canvas import BLACK, GREY, RED, WHITE, Canvas, Colour
from core.datasets.signs.faces.plates import END, ENTRY_BAN, MANDATORY, PARKING_BAN, RING
from core.datasets.signs.faces.sign import Paint, Sign

LIMITS = (20, 30, 40, 50, 60, 70, 80, 90, 100, 120)
ENDING_LIMITS = (50, 80)


def _number(limit: int, colour: Colour = BLACK, halo: float = 0.0) -> Paint:
    """Three digits are narrower, as on real signs. A halo is as thick all around as it says."""
    half, high = (0.27 if limit < 100 else 0.31) + halo, 0.195 + halo
    box = (0.5 - half, 0.5 - high, 0.5 + half, 0.5 + high)
    return lambda canvas: canvas.text(str(limit), box, colour, 0.032 + 1.4 * halo)


def _slash(canvas: Canvas) -> None:
    """From the upper left to the lower right, from rim to rim."""
    canvas.line([(0.21, 0.21), (0.79, 0.79)], 0.085, RED, round_ends=False)


def _no(paint: Paint, mirrored: bool = False) -> Paint:
    """A black pictogram, in coordinates from -1 to 1, struck out; both are mirrored together."""

    def painted(canvas: Canvas) -> None:
        paint(canvas.at(0.5, 0.5, 0.29, mirrored))
        _slash(canvas.at(1, 0, 1, True) if mirrored else canvas)

    return painted


def _stripes(canvas: Canvas) -> None:
    """Five thin ones, from the lower left to the upper right."""
    for shift in (-0.1, -0.05, 0, 0.05, 0.1):
        ends = [(0.19 + shift, 0.81 + shift), (0.81 + shift, 0.19 + shift)]
        canvas.line(ends, 0.022, BLACK, round_ends=False)


def _ended(limit: int) -> Paint:
    """The number over the stripes, with white around it: under them 50 and 80 would look the same."""

    def painted(canvas: Canvas) -> None:
        _stripes(canvas)
        _number(limit, WHITE, 0.035)(canvas)
        _number(limit, GREY)(canvas)

    return painted


def _overtaking(canvas: Canvas) -> None:
    vehicles.car(canvas.at(0.335, 0.5, 0.155), RED)
    vehicles.car(canvas.at(0.665, 0.5, 0.155), BLACK)


def _overtaking_by_lorries(canvas: Canvas) -> None:
    vehicles.lorry_behind(canvas.at(0.335, 0.52, 0.17), RED)
    vehicles.car(canvas.at(0.67, 0.53, 0.15), BLACK)


def _no_stopping(canvas: Canvas) -> None:
    _slash(canvas)
    canvas.line([(0.79, 0.21), (0.21, 0.79)], 0.085, RED, round_ends=False)


def _bar(canvas: Canvas) -> None:
    canvas.polygon([(0.16, 0.41), (0.84, 0.41), (0.84, 0.59), (0.16, 0.59)], WHITE)


def _limit(limit: int) -> Sign:
    return Sign(f"Speed limit {limit}", "limits", RING, _number(limit))


def _end_of_limit(limit: int) -> Sign:
    return Sign(f"End of speed limit {limit}", "ends", END, _ended(limit))


def _ban(name: str, paint: Paint) -> Sign:
    return Sign(name, "prohibitions", RING, paint)


def _must(name: str, paint: Paint) -> Sign:
    return Sign(name, "mandatory", MANDATORY, paint)


SPEED_LIMITS = tuple(_limit(limit) for limit in LIMITS)

ENDS = (
    *(_end_of_limit(limit) for limit in ENDING_LIMITS),
    Sign("End of all limits", "ends", END, _stripes),
)

PROHIBITIONS = (
    _ban("No lorries", lambda canvas: vehicles.lorry(canvas.at(0.5, 0.5, 0.29), BLACK)),
    _ban("No cycles", lambda canvas: vehicles.cycle(canvas.at(0.5, 0.52, 0.31), BLACK)),
    _ban("No pedestrians", lambda canvas: figures.walker(canvas.at(0.5, 0.5, 0.3), BLACK)),
    _ban("No left turn", _no(lambda canvas: arrows.turn_left_ahead(canvas.at(0, 0, 1, True), BLACK), True)),
    _ban("No right turn", _no(lambda canvas: arrows.turn_left_ahead(canvas.at(0, 0, 1, True), BLACK))),
    _ban("No U-turn", _no(lambda canvas: arrows.u_turn(canvas, BLACK))),
    _ban("No overtaking", _overtaking),
    _ban("No overtaking by lorries", _overtaking_by_lorries),
    Sign("No entry", "prohibitions", ENTRY_BAN, _bar),
    Sign("No parking", "prohibitions", PARKING_BAN, _slash),
    Sign("No stopping", "prohibitions", PARKING_BAN, _no_stopping),
)

MANDATORY_SIGNS = (
    _must("Ahead only", lambda canvas: arrows.ahead(canvas.at(0.5, 0.5, 0.33), WHITE)),
    _must("Left only", lambda canvas: arrows.ahead(canvas.at(0.5, 0.5, 0.33, turn=-90), WHITE)),
    _must("Right only", lambda canvas: arrows.ahead(canvas.at(0.5, 0.5, 0.33, turn=90), WHITE)),
    _must("Turn left ahead", lambda canvas: arrows.turn_left_ahead(canvas.at(0.5, 0.52, 0.33), WHITE)),
    _must("Turn right ahead", lambda canvas: arrows.turn_left_ahead(canvas.at(0.5, 0.52, 0.33, True), WHITE)),
    _must("Ahead or left", lambda canvas: arrows.ahead_or_left(canvas.at(0.5, 0.5, 0.34), WHITE)),
    _must("Ahead or right", lambda canvas: arrows.ahead_or_left(canvas.at(0.5, 0.5, 0.34, True), WHITE)),
    _must("Keep left", lambda canvas: arrows.ahead(canvas.at(0.5, 0.5, 0.33, turn=-135), WHITE)),
    _must("Keep right", lambda canvas: arrows.ahead(canvas.at(0.5, 0.5, 0.33, turn=135), WHITE)),
    _must("Roundabout", lambda canvas: arrows.roundabout(canvas.at(0.5, 0.5, 0.37), WHITE)),
)
