"""What a sign is: a name in plain words, the family it is easily confused within, a plate and what is painted on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.datasets.signs.faces.canvas import Canvas
from core.datasets.signs.faces.plates import Plate

Paint = Callable[[Canvas], None]


@dataclass(frozen=True)
class Sign:
    name: str
    family: str
    plate: Plate
    paint: Paint

    def draw(self) -> Canvas:
        """The whole face on a canvas of its own."""
        canvas = Canvas()
        self.plate.paint(canvas)
        self.paint(canvas)
        return canvas
