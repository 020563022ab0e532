"""List a folder's pictures: flat, or in one folder for each class."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.datasets.archive import MOST_FILES, MOST_NESTED
from core.datasets.suffixes import is_hidden, is_picture
from core.errors import DataError

SYNSET = re.compile(r"n\d{8}", re.IGNORECASE)
FEW = 3


@dataclass(frozen=True)
class Entry:
    """One picture: `title` is its path within the set, `label` an index into the set's classes."""

    path: Path
    title: str
    label: int | None


@dataclass(frozen=True)
class Found:
    """`classes` are folders' names, sorted; `pictures` are in the order of class and title. `others` counts the files that were
    left out, `empty` names the folders without pictures, `wrapping` the folder that was taken for the set itself.
    """

    classes: tuple[str, ...]
    pictures: tuple[Entry, ...]
    others: int = 0
    empty: tuple[str, ...] = ()
    wrapping: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what a person may miss."""
        notes = []
        if self.wrapping:
            notes.append(f"{self.wrapping} is the only folder: it is taken for the set itself, not for a class.")
        if self.others:
            one = self.others == 1
            notes.append(f"Left out: {self.others:,} {'file that is' if one else 'files that are'} no picture by name.")
        if self.empty:
            notes.append(f"Left out: {_named(self.empty)}, in which no pictures are.")
        return tuple(notes)


def scanned(root: Path, name: str) -> Found:
    """What the folder holds, called `name` where it is at fault.

    Raises DataError where there are no pictures, or some inside and some outside of class folders.
    """
    folders, files = listed(root)
    inside = _inside(folders, name)
    flat = [file for file in files if is_picture(file.name)]
    classes = tuple(one for one, paths in inside.items() if any(is_picture(path.name) for path in paths))
    _check(name, flat, classes)
    pictures = _flat(flat) if flat else _by_class(root, classes, inside)
    seen = len(files) + sum(map(len, inside.values()))
    empty = tuple(one for one in inside if one not in classes)
    return Found(classes, pictures, seen - len(pictures), empty)


def unwrapped(folder: Path) -> Path:
    """The folder itself, or the one that is all it holds, as in most zips. A folder named by a synset id is a class."""
    for _ in range(MOST_NESTED):
        folders, files = listed(folder)
        if files or len(folders) != 1 or SYNSET.fullmatch(folders[0].name):
            break
        folder = folders[0]
    return folder


def listed(folder: Path) -> tuple[list[Path], list[Path]]:
    """Visible folders and files, sorted. Raises DataError."""
    try:
        paths = sorted(path for path in folder.iterdir() if not is_hidden(path.name))
        return [path for path in paths if path.is_dir()], [path for path in paths if path.is_file()]
    except OSError as error:
        raise unreadable(folder, error) from error


def unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path} cannot be read ({error.strerror or error}).", "Check the name, and that it may be read.")


def _check(name: str, flat: list[Path], classes: tuple[str, ...]) -> None:
    if flat and classes:
        raise DataError(
            f"{name} holds pictures both inside and outside of folders, such as {flat[0].name} and {classes[0]}.",
            "Put each picture into the folder of its class, or all of them into one folder without others.",
        )
    if not flat and not classes:
        raise DataError(f"{name} holds no pictures.", "Give a folder of pictures, or of class folders with pictures.")


def _flat(files: Iterable[Path]) -> tuple[Entry, ...]:
    return tuple(Entry(path, path.name, None) for path in files)


def _by_class(root: Path, classes: tuple[str, ...], inside: Mapping[str, list[Path]]) -> tuple[Entry, ...]:
    return tuple(
        Entry(path, path.relative_to(root).as_posix(), label)
        for label, name in enumerate(classes)
        for path in inside[name]
        if is_picture(path.name)
    )


def _inside(folders: Iterable[Path], name: str) -> dict[str, list[Path]]:
    """Every visible file below each folder, sorted. Raises DataError where they are too many."""
    found: dict[str, list[Path]] = {}
    left = MOST_FILES
    for folder in folders:
        found[folder.name] = sorted(islice(_below(folder), left + 1))
        left -= len(found[folder.name])
        if left < 0:
            raise DataError(f"{name} holds more than {MOST_FILES:,} files.", "Give a folder of pictures alone.")
    return found


def _below(folder: Path) -> Iterator[Path]:
    """Visible files at any depth; links to folders are not followed."""

    def refused(error: OSError) -> None:
        raise unreadable(folder, error)

    for here, folders, files in os.walk(folder, onerror=refused):
        folders[:] = [name for name in folders if not is_hidden(name)]
        yield from (Path(here, name) for name in files if not is_hidden(name))


def _named(names: tuple[str, ...]) -> str:
    """The first few, and how many more: "a, b, c and 2 more"."""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more
