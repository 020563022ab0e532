"""What RE-TRAIN learns from, chooses by and is judged by: the three splits of one set, whatever its kind.

Train trains, val chooses the epoch and test scores; no picture of test has chosen anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from core.datasets.labelled import Labelled, Part, TrainingData, fingerprint
from core.datasets.opening import open_set
from core.datasets.picture_set import PictureSet
from core.datasets.signs.samples import CROP_SIDE
from core.datasets.signs.signs_set import SignsSet, arrays
from core.datasets.signs.training import COUNTS
from core.datasets.tiny_imagenet import PARTS, Split
from core.datasets.tiny_set import TinySet
from core.errors import RequestError
from core.models.preprocessing import Preprocessing
from core.training.reading import EVERY, Tell, matched, read

OWN = {"signs": "signs"}
"""The set that weights with these labels come from, where it needs no folder."""
TRAINED_ON = {"photos": "Tiny ImageNet", "signs": "Signs", "imagenet": "ImageNet"}
"""What the weights that ship or are published with these labels were trained on."""
DRAWN = 2_000  # Signs crops to choose by, and as many to score


@dataclass(frozen=True)
class Wanted:
    """Which network the pictures are for: the list of its labels, and how it sees a picture."""

    labels: str
    preprocessing: Preprocessing


@dataclass(frozen=True)
class Scored:
    """Pictures that score. `words` says which they are, after their number: "pictures of pets (test)"."""

    pictures: Labelled
    words: str
    notes: tuple[str, ...] = ()


def named(text: str, labels: str) -> str:
    """`text`, or the weights' own set where nothing is named. Raises RequestError where that needs a folder."""
    if text or labels in OWN:
        return text or OWN[labels]
    where = "Tiny ImageNet is" if labels == "photos" else "pictures to retrain on are"
    raise RequestError(
        f"Nothing says where {where}.", "Add --data SET: a folder or zip of class folders, or Tiny ImageNet's."
    )


def own_set(labels: str, text: str, data: PictureSet) -> str | None:
    """The text of the set that weights with these labels are trained on: OWN, or `text` where its `data` is that set."""
    return OWN.get(labels) or (text if _is_own(data, labels) else None)


def is_own_title(title: str, labels: str) -> bool:
    """Whether that set, by a TrainingData's title, is what weights with these labels were trained on."""
    own = TRAINED_ON[labels]
    return title == own or (labels in OWN and re.match(rf"{own} \([\d,]+ of split train", title) is not None)


def check(text: str, labels: str) -> None:
    """Before any picture is read: raises DataError where there is no such set, it has no labels, or none is the network's."""
    data = open_set(text, "train")
    if not _is_own(data, labels):
        matched(data, labels)


def training(text: str, wanted: Wanted, most: int | None, seed: int, tell: Tell) -> TrainingData:
    """At most `most` pictures that train, drawn by the seed, and those that choose. `tell` hears what is done, and may raise.

    Signs are drawn anew, the first of the split's stream; `signs:N` takes N of them. Tiny ImageNet's are all there.
    """
    train, held_back = (open_set(text, split) for split in ("train", "val"))
    if isinstance(train, SignsSet) and _is_own(train, wanted.labels):
        return _signs(text, train, most, tell)
    if isinstance(train, TinySet) and isinstance(held_back, TinySet) and _is_own(train, wanted.labels):
        trains, chooses = (Part(one.data, one.index) for one in (train, held_back))
        return TrainingData(TRAINED_ON["photos"], fingerprint(train.data), wanted.labels, trains, chooses)
    pictures, notes = read(train, wanted.labels, wanted.preprocessing, most, seed, tell)
    choosing, others = read(held_back, wanted.labels, wanted.preprocessing, None, seed, tell)
    mirrored = wanted.labels != "signs"  # a mirrored arrow would be another sign
    notes = tuple(dict.fromkeys(notes + others))
    return TrainingData(train.name, fingerprint(pictures), wanted.labels, pictures, choosing, mirrored, notes)


def scored(text: str, wanted: Wanted, most: int | None, tell: Tell) -> Scored:
    """Pictures of split test: all, or `most` of them, the same for every variant; of Signs DRAWN unless more are asked for."""
    data = open_set(text, "test")
    if isinstance(data, SignsSet) and _is_own(data, wanted.labels):
        return Scored(
            _drawn(SignsSet(most or DRAWN, data.seed, "test"), tell), f"test crops of Signs, seed {data.seed}"
        )
    if isinstance(data, TinySet) and _is_own(data, wanted.labels):
        some = np.sort(np.random.default_rng(0).permutation(len(data))[:most])
        return Scored(Part(data.data, data.index[some]), "validation pictures of Tiny ImageNet")
    pictures, notes = read(data, wanted.labels, wanted.preprocessing, most, 0, tell)
    return Scored(pictures, f"pictures of {data.name}", notes)


def _is_own(data: PictureSet, labels: str) -> bool:
    """Whether the set is what weights with these labels are trained on: then its classes are theirs, in their order."""
    return isinstance(data, SignsSet | TinySet) and labels == ("signs" if isinstance(data, SignsSet) else "photos")


def _signs(text: str, asked: SignsSet, most: int | None, tell: Tell) -> TrainingData:
    count = asked.count if ":" in text else COUNTS["train"]
    train = SignsSet(min(count, most or count), asked.seed, "train")
    trains, chooses = (_drawn(one, tell) for one in (train, SignsSet(DRAWN, asked.seed, "val")))
    return TrainingData(train.name, train.fingerprint, "signs", trains, chooses, mirrored=False)


def _drawn(asked: SignsSet, tell: Tell) -> Split:
    """With boxes, a hundred at a time."""
    count = len(asked)
    whole = Split(
        np.empty((count, 3, CROP_SIDE, CROP_SIDE), np.uint8),
        np.empty(count, np.int64),
        np.empty((count, 4), np.float32),
    )
    for begin in range(0, count, EVERY):
        tell(f"drawing {asked.name}: {begin:,} of {count:,} pictures", begin / count)
        part = arrays(asked.seed, asked.split, min(EVERY, count - begin), begin)
        for name in PARTS:
            getattr(whole, name)[begin : begin + EVERY] = getattr(part, name)
    return whole
