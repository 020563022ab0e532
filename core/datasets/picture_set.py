"""What every data set is to its users: pictures by number, with labels where there are any."""

from __future__ import annotations

import hashlib
from typing import Protocol

from PIL import Image

from core.errors import DataError

SPLITS = ("train", "val", "test")


class PictureSet(Protocol):
    """`classes` are in plain words, empty where nothing is labelled; `synsets` are their WordNet ids, None where unknown.

    `fingerprint` is the same for the same pictures and labels in the same order, on any machine. `notes` are sentences about
    what was found and left out.
    """

    @property
    def name(self) -> str: ...

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def synsets(self) -> tuple[str | None, ...]: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def __len__(self) -> int: ...

    def title(self, index: int) -> str:
        """What a person calls the picture: a file's name within its set."""

    def picture(self, index: int) -> Image.Image:
        """Upright and RGB, of any size. Raises DataError where it cannot be read."""

    def label(self, index: int) -> int | None:
        """An index into `classes`."""


def check_split(split: str) -> str:
    """Raises DataError for any other word than train, val and test."""
    if split not in SPLITS:
        raise DataError(f"There is no split named {split!r}.", f"Choose from: {', '.join(SPLITS)}.")
    return split


def chance_of(title: str) -> float:
    """From 0 to 1, by the title alone: divides pictures into splits that stay the same when others are added."""
    return int.from_bytes(hashlib.sha256(title.encode(errors="surrogateescape")).digest()[:8]) / 2**64
