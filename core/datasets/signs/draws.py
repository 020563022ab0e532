"""Where chance comes from: one stream for each (seed, split, index), so that any picture can be made without the others."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from core.datasets.picture_set import SPLITS, check_split
from core.datasets.signs.difficulty import Rng
from core.datasets.signs.faces.catalogue import SIGNS

CROP, SCENE, ORDER = range(3)


def stream(kind: int, seed: int, split: str, index: int) -> Rng:
    """Independent of every other stream's. Raises DataError for an unknown split."""
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence((kind, seed, SPLITS.index(check_split(split)), index)))
    )


def label_of(seed: int, split: str, index: int) -> int:
    """Every run of 60 crops that begins at a multiple of 60 shows each of the 60 signs once, in an order of its own."""
    block, place = divmod(index, len(SIGNS))
    return _order(seed, split, block)[place]


@lru_cache(64)
def _order(seed: int, split: str, block: int) -> tuple[int, ...]:
    return tuple(int(label) for label in stream(ORDER, seed, split, block).permutation(len(SIGNS)))
