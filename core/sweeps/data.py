"""What a sweep needs of a data set, and the sets that it can open."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from core import settings
from core.datasets import tiny_imagenet
from core.errors import DataError

TINY = "tiny-imagenet:"
CHUNK = 1_000


class LabelledSet(Protocol):
    """Pictures by number. `class_names` are plain words or synset ids; `fingerprint` is the same for the same content."""

    @property
    def class_names(self) -> Sequence[str]: ...

    @property
    def fingerprint(self) -> str: ...

    def __len__(self) -> int: ...

    def picture(self, index: int) -> Image.Image:
        """Upright and RGB, of any size. Raises BitlensError or OSError where it cannot be read."""

    def label(self, index: int) -> int | None:
        """An index into `class_names`, None where it is not known."""


def open_set(text: str) -> LabelledSet:
    """`tiny-imagenet:FOLDER`. Raises DataError for anything else."""
    if text.startswith(TINY):
        folder = Path(text.removeprefix(TINY)).expanduser()
        names = tuple(tiny_imagenet.wnids(folder))
        return TinyImageNet(names, tiny_imagenet.load(folder, "val", settings.cache_folder()))
    raise DataError(f"There is no data set named {text!r}.", f"Give {TINY}FOLDER.")


@dataclass(frozen=True)
class TinyImageNet:
    """The 10,000 validation pictures of Tiny ImageNet, whose classes are synset ids."""

    class_names: tuple[str, ...]
    split: tiny_imagenet.Split = field(repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """Of the classes, all pixels and all labels: 10,000 pictures take a fraction of a second."""
        digest = hashlib.sha256(",".join(self.class_names).encode())
        for begin in range(0, len(self), CHUNK):
            part = self.split.take(np.arange(begin, min(begin + CHUNK, len(self))))
            digest.update(np.ascontiguousarray(part.images).tobytes() + part.labels.tobytes())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.split)

    def picture(self, index: int) -> Image.Image:
        return Image.fromarray(np.ascontiguousarray(self.split.images[index].transpose(1, 2, 0)))

    def label(self, index: int) -> int:
        return int(self.split.labels[index])
