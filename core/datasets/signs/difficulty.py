"""How hard the pictures are: fixed once, before any network was trained on them.

The limits keep every label readable for a person. What blurs grows with the sign, and what hides it leaves enough of what
tells it from every other sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Rng = np.random.Generator
Range = tuple[float, float]


@dataclass(frozen=True)
class Difficulty:
    """Lengths in pixels, angles in degrees, shares and chances from 0 to 1, brightness as a factor.

    The families in `fine` have small pictograms, and are never smaller than `fine_size`. `telling` is the least share that
    stays visible of all that tells one sign from another. `defocus` and `motion` are in sides of the sign: 0.03 of a sign
    of 40 pixels is a blur of 1.2 pixels.
    """

    crop_size: Range = (19, 54)
    scene_size: Range = (20, 90)
    fine: tuple[str, ...] = ("warnings", "ends")
    fine_size: float = 25
    scene_signs: tuple[int, int] = (1, 6)
    yaw: Range = (-46, 46)
    pitch: Range = (-22, 22)
    roll: Range = (-10, 10)
    fade: Range = (0, 0.4)
    occluded: float = 0.5
    telling: float = 0.6
    defocused: float = 0.4
    defocus: Range = (0.01, 0.032)
    moved: float = 0.3
    motion: Range = (0.04, 0.11)
    shaded: float = 0.4
    shade: Range = (0.25, 0.55)
    glaring: float = 0.25
    glare: Range = (0.2, 0.5)
    exposure: Range = (0.5, 1.3)
    cast: float = 0.12
    noise: Range = (2, 18)
    quality: tuple[int, int] = (24, 92)


FIXED = Difficulty()


def between(rng: Rng, limits: Range) -> float:
    low, high = limits
    return low + (high - low) * rng.random()


def chance(rng: Rng, share: float) -> bool:
    return bool(rng.random() < share)


def whole(rng: Rng, limits: tuple[int, int]) -> int:
    """Both ends included."""
    low, high = limits
    return low + int((high - low + 1) * rng.random())
