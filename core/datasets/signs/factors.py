"""What makes one sample hard, as numbers: accuracy is reported by each of them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Factors:
    """Of one sign in one picture. `size`: pixels of its box's longer side. `angle`: degrees off its axis.

    `defocus` and `motion`: pixels (a Gaussian's sigma, a path's length). `occlusion`, `shade`, `glare`: the share of the sign
    that is hidden, the light that shade takes from it, the white that glare lays over it, from 0 to 1. `fade`: how bleached it
    is. `exposure`: brightness as a factor. `noise`: sigma in steps of 255. `quality`: JPEG's.
    """

    size: float
    angle: float
    defocus: float
    motion: float
    occlusion: float
    fade: float
    shade: float
    glare: float
    exposure: float
    noise: float
    quality: float

    def as_dict(self) -> dict[str, float]:
        return {name: round(float(value), 4) for name, value in asdict(self).items()}


EDGES: dict[str, tuple[float, ...]] = {
    "size": (27, 38),
    "angle": (20, 38),
    "defocus": (0.001, 0.8),
    "motion": (0.001, 2.5),
    "occlusion": (0.001, 0.1),
    "fade": (0.05, 0.15),
    "shade": (0.001, 0.25),
    "glare": (0.001, 0.1),
    "exposure": (0.75, 1.05),
    "noise": (6, 11),
    "quality": (50, 75),
}
"""Where each factor is cut into three groups. Where a factor may be absent, the first group is its absence."""


def group(name: str, value: float) -> int:
    """0, 1 or 2: a sign of 40 pixels is in group 1 of "size"."""
    return bisect_right(EDGES[name], value)
