"""All signs, in the order of the networks' outputs. A new sign is one line in its family's list."""

from __future__ import annotations

from core.datasets.signs.faces.circles import ENDS, MANDATORY_SIGNS, PROHIBITIONS, SPEED_LIMITS
from core.datasets.signs.faces.others import DIRECTIONS, PLACES, PRIORITIES, WARNINGS
from core.datasets.signs.faces.sign import Sign

SIGNS: tuple[Sign, ...] = (
    *SPEED_LIMITS,
    *ENDS,
    *PROHIBITIONS,
    *MANDATORY_SIGNS,
    *WARNINGS,
    *PRIORITIES,
    *PLACES,
    *DIRECTIONS,
)
NAMES: tuple[str, ...] = tuple(sign.name for sign in SIGNS)
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(sign.family for sign in SIGNS))
