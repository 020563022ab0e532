"""Tiny ImageNet as a set of pictures: what the `photos` networks were trained on and are scored on.

Test is its 10,000 validation pictures (its own test pictures have no labels), val the 5,000 training pictures that are held
back, train the other 95,000.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from core import settings
from core.datasets.picture_set import check_split
from core.datasets.scan import unwrapped
from core.datasets.tiny_imagenet import Split, hold_back, load, wnids

CHUNK = 1_000


@dataclass(frozen=True)
class TinySet:
    """`index` are the numbers of its pictures in `data`."""

    name: str
    classes: tuple[str, ...]
    synsets: tuple[str | None, ...]
    data: Split = field(repr=False)
    index: np.ndarray = field(repr=False)
    notes: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """Of all pixels and labels: a second for 95,000 pictures."""
        digest = hashlib.sha256(",".join(map(str, self.synsets)).encode())
        for begin in range(0, len(self), CHUNK):
            part = self.data.take(self.index[begin : begin + CHUNK])
            digest.update(np.ascontiguousarray(part.images).tobytes() + part.labels.tobytes())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.index)

    def title(self, index: int) -> str:
        return f"picture {self.index[index]}"

    def picture(self, index: int) -> Image.Image:
        return Image.fromarray(np.ascontiguousarray(self.data.images[self.index[index]].transpose(1, 2, 0)))

    def label(self, index: int) -> int:
        return int(self.data.labels[self.index[index]])


def is_tiny(folder: Path) -> bool:
    return (unwrapped(folder) / "wnids.txt").is_file()


def open_tiny(folder: Path, split: str | None = None) -> TinySet:
    """Either layout; decoded on the first call, which takes seconds, and kept in the cache folder. Raises DataError."""
    folder, split = unwrapped(folder), check_split(split or "test")
    data = load(folder, "val" if split == "test" else "train", settings.cache_folder())
    index = np.arange(len(data))
    if split != "test":
        index = hold_back(len(data))[split == "val"]
    synsets = tuple(wnids(folder))
    names = _words(folder)
    classes = tuple(names.get(synset, synset) for synset in synsets)
    return TinySet(f"Tiny ImageNet ({len(index):,} of split {split})", classes, synsets, data, index)


def _words(folder: Path) -> dict[str, str]:
    """The first of each synset's names; nothing where the list is missing."""
    path = folder / "words.txt"
    if not path.is_file():
        return {}
    lines = [line.partition("\t") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    return {synset: names.split(",")[0].strip() for synset, _, names in lines if names.strip()}
