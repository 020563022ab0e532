"""How RE-TRAIN's weights were trained, and whether as their control and on the same pictures as the weights they began with.

Else a gain of more training, or of other pictures, would be credited to the format.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.models.weights import WEIGHTS
from core.sweeps.conditions import VariantRecord
from core.sweeps.plan import BASELINE
from core.training import material

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


def elsewhere(records: Iterable[VariantRecord]) -> tuple[str, ...]:
    """A sentence for each set that RE-TRAIN was trained on and its weights, where they have a name, were not."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in records:
        data = str((one.options or {}).get("data", ""))
        if data and one.weights in WEIGHTS and not material.is_own_title(data, one.labels):
            found.setdefault((data, one.weights_name, one.labels), []).append(one.title)
    return tuple(
        f"{', '.join(titles)}: fine-tuned on {data}, and the {weights} weights were trained on {material.TRAINED_ON[labels]}. "
        "What sets RE-TRAIN apart from RAW may be the other pictures, not the format."
        for (data, weights, labels), titles in found.items()
    )


def told(records: Iterable[VariantRecord]) -> tuple[str, ...]:
    """How RE-TRAIN's weights were trained, those that were trained alike in one sentence."""
    found: dict[str, list[str]] = {}
    for one in records:
        if one.retrained:
            found.setdefault(one.retrained, []).append(one.title)
    return tuple(f"{', '.join(titles)}: {words}." for words, titles in found.items())


def _differing(one: dict[str, Any] | None, other: dict[str, Any] | None) -> list[str]:
    """ "rate 0.001, not 0.0003"; an option that an older version did not record is None."""
    mine, its = one or {}, other or {}
    return [f"{name} {mine.get(name)}, not {its.get(name)}" for name in ALIKE if mine.get(name) != its.get(name)]
