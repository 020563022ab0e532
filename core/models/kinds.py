"""The kinds that every network comes in. A new kind is one line here, and a function of its name in each network's file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Pictures of `side` x `side` pixels and `classes` outputs, whose names are the list `labels` (core.models.labels).

    With `has_box` a second output is the main object's box: 4 fractions of the side.
    """

    name: str
    side: int
    classes: int
    labels: str
    has_box: bool


KINDS = {
    kind.name: kind
    for kind in (
        Kind("compact", 64, 200, "photos", has_box=True),
        Kind("small", 64, 60, "signs", has_box=True),
        Kind("full", 224, 1_000, "imagenet", has_box=False),
    )
}
