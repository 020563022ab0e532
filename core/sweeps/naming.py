"""What sets and weights are called where their folders are nobody's business: on a page, and in files that are passed on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path

from core.sweeps.conditions import Conditions
from core.sweeps.plan import Plan


def without_folders(text: str) -> str:
    """A path's last part: "/elsewhere/pets" is "pets", "signs:1000" itself. A folder says nothing on another machine."""
    path = Path(text)
    return path.name if path.is_absolute() else text


def weights_names(weights: Iterable[str]) -> dict[str, str]:
    """By what a plan says: "photos", a file's name, and for another file of the same name "mine.safetensors (2)"."""
    found = dict[str, str]()
    for one in weights:
        if one not in found:
            name = Path(one).name
            names = (name if number == 1 else f"{name} ({number})" for number in count(1))
            found[one] = next(name for name in names if name not in found.values())
    return found


def plan_to_share(plan: Plan) -> Plan:
    names = weights_names(plan.weights)
    return replace(plan, data=without_folders(plan.data), weights=tuple(names[one] for one in plan.weights))


def conditions_to_share(conditions: Conditions) -> Conditions:
    names = weights_names(one.weights for one in conditions.variants)
    records = tuple(replace(one, weights=names[one.weights]) for one in conditions.variants)
    return replace(conditions, variants=records)
