"""The pictures of a sweep: where RE-TRAIN takes part, those alone that no retraining takes."""

from __future__ import annotations

from core.datasets.opening import open_set
from core.datasets.picture_set import PictureSet
from core.sweeps.plan import Plan

UNSEEN = "Only the pictures that no retraining takes: its test split."


def opened(plan: Plan) -> PictureSet:
    """The plan's set. A folder without parts is whole without RE-TRAIN, which trains on four fifths of it. Raises DataError."""
    return open_set(plan.data, split_of(plan))


def split_of(plan: Plan) -> str | None:
    return "test" if plan.retrains else None


def notes(plan: Plan, data: PictureSet) -> tuple[str, ...]:
    """What the set says of itself, and which part of it is swept."""
    return (*data.notes, UNSEEN) if plan.retrains else data.notes
