"""The Signs set: `signs[:N][:seed]`, N crops of 64 x 64 pixels that are drawn when they are asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np
from PIL import Image

from core.datasets.picture_set import check_split
from core.datasets.signs.difficulty import FIXED
from core.datasets.signs.draws import label_of
from core.datasets.signs.faces.catalogue import NAMES
from core.datasets.signs.factors import Factors
from core.datasets.signs.samples import CROP_SIDE, Sample, crop
from core.datasets.tiny_imagenet import Split
from core.errors import DataError

COUNT = 2_000
LARGEST = 1_000_000
PROBES = 12


@dataclass(frozen=True)
class SignsSet:
    """The first `count` crops of a split's stream: one of 2,000 begins with the same 1,000 as one of 1,000."""

    count: int = COUNT
    seed: int = 0
    split: str = "test"

    classes: ClassVar[tuple[str, ...]] = NAMES
    synsets: ClassVar[tuple[str | None, ...]] = (None,) * len(NAMES)
    notes: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        return f"Signs ({self.count:,} of split {self.split}, seed {self.seed})"

    @cached_property
    def fingerprint(self) -> str:
        """Of what was asked for and of a few pictures, so that another drawing library is noticed."""
        asked = (self.count, self.seed, self.split, self.classes, asdict(FIXED))
        digest = hashlib.sha256(json.dumps(asked).encode())
        for index in range(min(self.count, PROBES)):
            digest.update(self.picture(index).tobytes())
        return digest.hexdigest()

    def __len__(self) -> int:
        return self.count

    def title(self, index: int) -> str:
        return f"{self.split} {index}"

    def picture(self, index: int) -> Image.Image:
        return self._sample(index).picture

    def label(self, index: int) -> int:
        """Known without drawing."""
        return label_of(self.seed, self.split, self._checked(index))

    def factors(self, index: int) -> Factors:
        """What makes this crop hard, for accuracy by factor."""
        return self._sample(index).signs[0].factors

    def _sample(self, index: int) -> Sample:
        return _drawn(self.seed, self.split, self._checked(index))

    def _checked(self, index: int) -> int:
        if not 0 <= index < self.count:
            raise IndexError(index)
        return index


_drawn = lru_cache(256)(crop)


def open_signs(words: Sequence[str], split: str | None) -> SignsSet:
    """`words` are what follows `signs:`. Raises DataError."""
    if len(words) > 2 or not all(word.isascii() and word.isdecimal() for word in words):
        raise _refused(":".join(("signs", *words)))
    count, seed = [int(word[:20]) for word in words] + [COUNT, 0][len(words) :]
    if not 1 <= count <= LARGEST or seed >= 2**32:
        raise _refused(":".join(("signs", *words)))
    return SignsSet(count, seed, check_split(split or "test"))


def _refused(text: str) -> DataError:
    return DataError(
        f"{text} names no Signs set.",
        f"Give signs, signs:N or signs:N:SEED, N from 1 to {LARGEST:,}: signs:500:7 are 500 pictures from seed 7.",
    )


def arrays(seed: int, split: str, count: int, begin: int = 0) -> Split:
    """`count` crops from number `begin` on, as the trainings take them: uint8 pictures, labels, boxes."""
    images = np.empty((count, 3, CROP_SIDE, CROP_SIDE), np.uint8)
    labels, boxes = np.empty(count, np.int64), np.empty((count, 4), np.float32)
    for place in range(count):
        sample = crop(seed, split, begin + place)
        images[place] = np.asarray(sample.picture).transpose(2, 0, 1)
        labels[place], boxes[place] = sample.signs[0].label, sample.signs[0].box
    return Split(images, labels, boxes)
