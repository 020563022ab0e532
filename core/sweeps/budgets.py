"""Whether RE-TRAIN and its control were trained alike: else a gain of more training would be credited to the format."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.sweeps.conditions import VariantRecord
from core.sweeps.plan import BASELINE

ALIKE = ("data", "rate", "epochs", "steps", "batch", "smallest_crop", "box_weight", "seed")


def notes(records: Iterable[VariantRecord]) -> tuple[str, ...]:
    """A sentence for each RE-TRAIN variant that was trained otherwise than FP32 of its network and weights."""
    retrained = [one for one in records if one.options is not None]
    controls = {(one.network, one.weights): one for one in retrained if one.format == BASELINE}
    found = []
    for one in retrained:
        control = controls.get((one.network, one.weights))
        if control is not None and (differing := _differing(one.options, control.options)):
            found.append(
                f"{one.title} was not fine-tuned as {control.title} was ({'; '.join(differing)}): what sets them apart "
                "is not the format alone."
            )
    return tuple(found)


def _differing(one: dict[str, Any] | None, other: dict[str, Any] | None) -> list[str]:
    """ "rate 0.001, not 0.0003"; an option that an older version did not record is None."""
    mine, its = one or {}, other or {}
    return [f"{name} {mine.get(name)}, not {its.get(name)}" for name in ALIKE if mine.get(name) != its.get(name)]
