"""One picture of a data set, by the set's name and the picture's number, as a link names it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from core.datasets.opening import NAMED
from core.datasets.picture_set import PictureSet
from core.errors import DataError
from core.images.decode import Picture
from core.jobs.store import JobStore


def check_linked(text: str, jobs: Callable[[], JobStore]) -> None:
    """Raises DataError for a path that no job here was begun with: a link must not open any folder of a server.

    Nothing at the path is looked at, so that nobody learns what there is.
    """
    if text.strip().split(":")[0].lower() not in NAMED and not jobs().has_data(text):
        raise DataError(
            f"A link opens no folder that no sweep here was begun with, such as {text[:200]!r}.",
            f"Sweep it first, give {' or '.join(NAMED)}, or upload the picture.",
        )


def number(data: PictureSet, text: str) -> int:
    """Counted from 0, as a set counts its pictures. Raises DataError."""
    if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < len(data):
        return int(text)
    raise DataError(
        f"{data.name} has no picture number {text[:40]!r}.", f"Give a whole number from 0 to {len(data) - 1:,}."
    )


def picture(data: PictureSet, index: int) -> Picture:
    """Named and hashed by its pixels, for it may never have been a file. Raises DataError where it cannot be read."""
    image = data.picture(index)
    digest = hashlib.sha256(f"{image.width} {image.height}\0".encode() + image.tobytes()).hexdigest()
    return Picture(image, digest, data.title(index))


def truth(data: PictureSet, index: int) -> str:
    """This is: Speed limit 30."""
    label = data.label(index)
    return "Nothing says what is on it." if label is None else f"This is: {data.classes[label]}."
