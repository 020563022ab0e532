"""What the outputs of a network mean: synset ids and plain words, in the order of the outputs."""

from __future__ import annotations

import json
from functools import lru_cache

from core import settings
from core.errors import RequestError

NAMES = ("photos", "imagenet", "signs")


def labels(name: str) -> tuple[str, ...]:
    """Plain words, unique within a set: `photos` has 200, the first is "goldfish"; `imagenet` has 1,000, `signs` 60."""
    return tuple(label for _, label in _entries(name))


def synsets(name: str) -> tuple[str | None, ...]:
    """WordNet ids in the same order, as data sets name their class folders: "n01443537" is the goldfish. None for `signs`."""
    return tuple(wnid for wnid, _ in _entries(name))


@lru_cache
def _entries(name: str) -> tuple[tuple[str | None, str], ...]:
    if name not in NAMES:
        raise RequestError(f"There are no labels named {name!r}.", f"Choose from: {', '.join(NAMES)}.")
    entries = json.loads((settings.ASSETS / "labels" / f"{name}.json").read_text(encoding="utf-8"))
    return tuple((entry["wnid"], entry["label"]) for entry in entries)
