"""A picture that a visitor chose, wherever it is from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.images.decode import Picture
from core.serving.pictures import shared_pictures


@dataclass(frozen=True)
class File:
    """`key` names it for good; `picture` gives it, kept or decoded anew, and may raise ImageError. `about` says what is known."""

    key: str
    name: str
    picture: Callable[[], Picture]
    about: str


def sent(key: str, name: str, read: Callable[[], bytes], about: str) -> File:
    """A file as it came: its bytes are read when they are needed, and decoded once, while that is kept."""
    return File(key, name, lambda: shared_pictures().decoded(key, name, read), about)
