"""Where chance comes from: one stream for each (seed, split, index), so that any picture can be made without the others."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from core.datasets.signs.difficulty import Rng
from core.datasets.signs.faces.catalogue import SIGNS
from core.errors import DataError

SPLITS = ("train", "val", "test")
CROP, SCENE, ORDER = range(3)


def stream(kind: int, seed: int, split: str, index: int) -> Rng:
    """Independent of every other stream's. Raises DataError for an unknown split."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((kind, seed, split_number(split), index))))


def split_number(split: str) -> int:
    if split not in SPLITS:
        raise DataError(f"There is no split named {split!r}.", f"Choose from: {', '.join(SPLITS)}.")
    return SPLITS.index(split)


def label_of(seed: int, split: str, index: int) -> int:
    """Every run of 60 crops that begins at a multiple of 60 shows each of the 60 signs once, in an order of its own."""
    block, place = divmod(index, len(SIGNS))
    return _order(seed, split, block)[place]


@lru_cache(64)
def _order(seed: int, split: str, block: int) -> tuple[int, ...]:
    return tuple(int(label) for label in stream(ORDER, seed, split, block).permutation(len(SIGNS)))
