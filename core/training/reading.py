"""Any labelled set as arrays to train on: read once, cut as the network sees pictures, labelled as its outputs count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core import settings
from core.datasets.matching import FEW, Match, match
from core.datasets.picture_set import PictureSet
from core.datasets.survey import Unreadable, pictures, unreadable_sentence
from core.errors import DataError
from core.images.crop import middle
from core.models.labels import labels as names_of
from core.models.labels import synsets
from core.models.preprocessing import Preprocessing

Tell = Callable[[str, float], None]
"""Hears what is read or drawn and which share of it is there, and may raise."""
EVERY = 100


@dataclass(frozen=True)
class Pictures:
    """Pictures uint8 [n, 3, side, side] and labels int64 [n], without boxes."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    boxes: None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.int64]) -> Pictures:
        return Pictures(self.images[index], self.labels[index])


def matched(data: PictureSet, labels: str) -> Match:
    """The set's classes as the network's outputs. Raises DataError where there are no labels, or none is the network's."""
    if not data.classes:
        raise DataError(f"{data.name} is not labelled.", "Put the pictures of each class into a folder of its name.")
    return match(data.classes, data.synsets, names_of(labels), synsets(labels))


def read(
    data: PictureSet, labels: str, preprocessing: Preprocessing, most: int | None, seed: int, tell: Tell
) -> tuple[Pictures, tuple[str, ...]]:
    """At most `most` pictures, drawn by the seed, and what is left out in sentences. `tell` hears how far it is, and may raise.

    Raises DataError where nothing is left, or all of it would be too large to hold.
    """
    found = matched(data, labels)
    places, truths, strangers = _known(data, found.outputs)
    if most is not None and most < len(places):
        kept = np.sort(np.random.default_rng(seed).permutation(len(places))[:most])
        places, truths = places[kept], truths[kept]
    _check_size(data, len(places), preprocessing.side)
    images = np.empty((len(places), 3, preprocessing.side, preprocessing.side), np.uint8)
    skipped, readable = list[Unreadable](), list[int]()
    for number, (_, image) in enumerate(pictures(data, places.tolist())):
        if number % EVERY == 0:
            tell(f"reading {data.name}: {number:,} of {len(places):,} pictures", number / len(places))
        if isinstance(image, Unreadable):
            skipped.append(image)
            continue
        images[len(readable)] = middle(image, preprocessing.side, preprocessing.fraction)
        readable.append(number)
    if not readable:
        raise DataError(f"None of the pictures of {data.name} can be read.", "Check the files.")
    return Pictures(images[: len(readable)], truths[readable]), _notes(data, found, strangers, skipped, len(places))


def _known(data: PictureSet, outputs: Sequence[int | None]) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Numbers and outputs of the pictures whose class the network knows, and how many others there are."""
    found = [None if label is None else outputs[label] for label in map(data.label, range(len(data)))]
    places = [place for place, output in enumerate(found) if output is not None]
    if not places:
        raise DataError(f"{data.name} has no picture of a class that the network knows.", "Give another set.")
    truths = np.array([output for output in found if output is not None], np.int64)
    return np.array(places, np.int64), truths, len(found) - len(places)


def _check_size(data: PictureSet, count: int, side: int) -> None:
    size, limit = count * 3 * side * side, settings.max_set_bytes()
    if size > limit:
        raise DataError(
            f"{count:,} pictures of {data.name} take {size / 1e6:,.0f} MB; at most {limit / 1e6:,.0f} MB are held.",
            "Cut the epochs with --steps, give fewer pictures, or raise BITLENS_MAX_SET_MB.",
        )


def _notes(
    data: PictureSet, found: Match, strangers: int, skipped: Sequence[Unreadable], total: int
) -> tuple[str, ...]:
    """What the set says of itself, and what was left out of it."""
    notes = list(data.notes)
    if strangers:
        count = f"{strangers:,} picture{'' if strangers == 1 else 's'}"
        named = ", ".join(found.unmatched[:FEW]) + (" and others" if len(found.unmatched) > FEW else "")
        notes.append(f"{data.name}: {count} left out, of classes that the network does not know: {named}.")
    if skipped:
        notes.append(f"{data.name}: {unreadable_sentence(skipped, total)}")
    return tuple(notes)
