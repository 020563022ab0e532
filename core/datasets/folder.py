"""A folder of class folders, with or without train, val and test above them; or a flat folder of unlabelled pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from PIL import Image

from core import settings
from core.datasets.picture_set import chance_of, check_split
from core.datasets.scan import SYNSET, Entry, Found, listed, scanned, unreadable, unwrapped
from core.datasets.suffixes import is_picture
from core.errors import DataError, ImageError
from core.images.decode import decode

PARTS = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
HELD_BACK = 0.05  # of the training pictures, where no folder is there to choose by
CUTS = {"train": (0.0, 0.8), "val": (0.8, 0.9), "test": (0.9, 1.0)}  # of a folder without parts


@dataclass(frozen=True)
class FolderSet:
    """Pictures in the order of their titles, class by class."""

    name: str
    classes: tuple[str, ...]
    synsets: tuple[str | None, ...]
    entries: tuple[Entry, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """Of every file's class and content: where the folder is and when it was written does not matter."""
        digest = hashlib.sha256()
        for entry in self.entries:
            of_class = "" if entry.label is None else self.classes[entry.label]
            digest.update(f"{of_class}\0{_content(entry.path)}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.entries)

    def title(self, index: int) -> str:
        return self.entries[index].title

    def picture(self, index: int) -> Image.Image:
        entry = self.entries[index]
        try:
            return decode(_bytes(entry.path), entry.title).image
        except ImageError as error:
            raise DataError(error.message, error.remedy) from error

    def label(self, index: int) -> int | None:
        return self.entries[index].label


def open_folder(folder: Path, split: str | None = None, name: str = "") -> FolderSet:
    """None is everything, or the part to be scored where there are parts. Raises DataError where there are no pictures."""
    name, root = name or folder.name, unwrapped(folder)
    parts = _parts(root)
    if parts:
        return _from_parts(name, parts, check_split(split or "test"))
    found = scanned(root, name)
    if root != folder and not found.classes:
        found = replace(found, wrapping=root.name)
    if split is None:
        return _made(name, found)
    low, high = CUTS[check_split(split)]
    return _made(f"{name} ({split})", found, lambda title: low <= chance_of(title) < high)


def _parts(root: Path) -> dict[str, Path]:
    """Train, val and test folders with class folders in them; none unless there are two."""
    folders, files = listed(root)
    if any(is_picture(file.name) for file in files):
        return {}
    named = {word: part for part, words in PARTS.items() for word in words}
    if not all(folder.name.lower() in named for folder in folders):
        return {}
    found = {named[folder.name.lower()]: folder for folder in folders if listed(folder)[0]}
    return found if len(found) > 1 else {}


def _from_parts(name: str, parts: dict[str, Path], split: str) -> FolderSet:
    """Scored is the test folder, else the val folder, which then may not choose epochs: some training pictures do."""
    scored = "test" if "test" in parts else "val"
    name, own_val = f"{name} ({split})", "val" in parts and scored == "test"
    if split == "test" or (split == "val" and own_val):
        folder = parts[scored if split == "test" else "val"]
        return _made(name, scanned(folder, name))
    if "train" not in parts:
        raise DataError(f"{name} has no folder of training pictures.", "Add one named train, or give another set.")
    found, chosen = scanned(parts["train"], name), split == "val"
    return _made(name, found, lambda title: own_val or (chance_of(title) >= 1 - HELD_BACK) == chosen)


def _made(name: str, found: Found, chosen: Callable[[str], bool] = lambda title: True) -> FolderSet:
    entries = tuple(entry for entry in found.pictures if chosen(entry.title))
    if not entries:
        raise DataError(f"{name} has no picture for this split.", "Give more pictures.")
    synsets = tuple(one.lower() if SYNSET.fullmatch(one) else None for one in found.classes)
    return FolderSet(name, found.classes, synsets, entries, found.notes)


def _bytes(path: Path) -> bytes:
    """No more than one byte beyond the limit of a picture, by which `decode` sees that it is too large."""
    try:
        with path.open("rb") as stream:
            return stream.read(settings.max_upload_bytes() + 1)
    except OSError as error:
        raise unreadable(path, error) from error


def _content(path: Path) -> str:
    """The SHA-256 of the file in hexadecimal."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error
