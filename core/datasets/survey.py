"""Go through a set's pictures without stopping at those that cannot be read: they are counted and named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from core.datasets.picture_set import PictureSet
from core.errors import DataError

FEW = 5


@dataclass(frozen=True)
class Unreadable:
    index: int
    title: str
    reason: str


@dataclass(frozen=True)
class Survey:
    """`readable` are the numbers of the pictures that can be read, in order."""

    readable: tuple[int, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def sentence(self) -> str:
        """What is left out, for a person; empty where everything can be read."""
        return unreadable_sentence(self.unreadable, len(self.readable) + len(self.unreadable))


def unreadable_sentence(unreadable: Sequence[Unreadable], total: int) -> str:
    """What is left out of `total` pictures; empty where everything can be read."""
    if not unreadable:
        return ""
    more = f" and {len(unreadable) - FEW:,} more" if len(unreadable) > FEW else ""
    names = ", ".join(one.title for one in unreadable[:FEW])
    return f"{len(unreadable):,} of {total:,} pictures cannot be read and are left out: {names}{more}."


def pictures(data: PictureSet, indices: Iterable[int] | None = None) -> Iterator[tuple[int, Image.Image | Unreadable]]:
    """Each picture with its number, or why it cannot be read. Every file is read once."""
    for index in range(len(data)) if indices is None else indices:
        try:
            yield index, data.picture(index)
        except DataError as error:
            yield index, Unreadable(index, data.title(index), str(error))


def survey(data: PictureSet, report: Callable[[int, int], None] = lambda done, total: None) -> Survey:
    """Read everything once. `report` is told after each picture how many are done, of how many; it may raise Cancelled."""
    readable, unreadable = [], []
    for index, found in pictures(data):
        if isinstance(found, Unreadable):
            unreadable.append(found)
        else:
            readable.append(index)
        report(index + 1, len(data))
    return Survey(tuple(readable), tuple(unreadable))
