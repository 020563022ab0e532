"""What training asks of a data set: labelled pictures in batches, and a part held back to choose by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]
EVERY = 100


class Batch(Protocol):
    """Pictures uint8 [n, 3, side, side], labels int64 [n], boxes float32 [n, 4] as fractions of the side, if there are any."""

    @property
    def images(self) -> NDArray[np.uint8]: ...
    @property
    def labels(self) -> NDArray[np.int64]: ...
    @property
    def boxes(self) -> NDArray[np.float32] | None: ...


class Labelled(Protocol):
    """A set of labelled pictures, which are read or drawn when they are taken."""

    def __len__(self) -> int: ...
    def take(self, index: Index) -> Batch: ...


@dataclass(frozen=True)
class Part:
    """The pictures of `whole` at the places `index`, none of them copied."""

    whole: Labelled
    index: Index

    def __len__(self) -> int:
        return len(self.index)

    def take(self, index: Index) -> Batch:
        return self.whole.take(self.index[index])


@dataclass(frozen=True)
class TrainingData:
    """Pictures that train, and others, never those of a test, that choose the epoch.

    `labels` names the class list in whose order labels count (core.models.labels). `mirrored` says that a mirror image is of
    the same class. `fingerprint` is a SHA-256 that changes with the pictures. `notes` say what was left out.
    """

    title: str
    fingerprint: str
    labels: str
    train: Labelled
    held_back: Labelled
    mirrored: bool = True
    notes: tuple[str, ...] = ()


def fingerprint(whole: Labelled) -> str:
    """SHA-256 of the number of pictures and of every hundredth with its label and box: a second for 100,000 of them."""
    digest = hashlib.sha256(str(len(whole)).encode())
    batch = whole.take(np.arange(0, len(whole), EVERY))
    for array in (batch.images, batch.labels, batch.boxes):
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
