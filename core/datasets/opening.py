"""One text names one data set: `signs:500`, `imagenette`, a folder or a zip. A new kind is one file and one line here."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from core.datasets.archive import unpacked
from core.datasets.folder import open_folder
from core.datasets.imagenette import Archive, archive_of, open_imagenette
from core.datasets.picture_set import PictureSet
from core.datasets.signs.signs_set import open_signs
from core.datasets.tiny_set import is_tiny, open_tiny
from core.errors import DataError

Named = Callable[[Sequence[str], str | None], PictureSet]
NAMED: dict[str, Named] = {"signs": open_signs, "imagenette": open_imagenette}

Layout = tuple[Callable[[Path], bool], Callable[[Path, str | None, str], PictureSet]]
LAYOUTS: tuple[Layout, ...] = (
    (is_tiny, lambda folder, split, name: open_tiny(folder, split)),
    (Path.is_dir, open_folder),
)
"""Of folders: whether one has this layout, and what opens it under a name. The first that fits is taken."""


def open_set(text: str, split: str | None = None) -> PictureSet:
    """The set of that name or at that path. Without a split, what a set has for scoring, or all of it.

    Raises DataError, whatever is wrong.
    """
    name, *words = text.strip().split(":")
    if name.lower() in NAMED:
        return NAMED[name.lower()](words, split)
    folder, name = _folder(text.strip())
    opened = next(opened for fits, opened in LAYOUTS if fits(folder))
    return opened(folder, split, name)


def missing(text: str) -> Archive | None:
    """What must be downloaded before the set of that name can be opened; None where nothing must. Raises DataError."""
    name, *words = text.strip().split(":")
    if name.lower() != "imagenette":
        return None
    archive = archive_of(words)
    return None if archive.is_here else archive


def settled(text: str) -> str:
    """What names the same set from any folder: a path is made absolute, all else stays as it is."""
    text = text.strip()
    if not text or text.split(":")[0].lower() in NAMED:
        return text
    try:
        path = Path(text).expanduser()
        return str(path.absolute()) if path.exists() else text
    except (OSError, RuntimeError, ValueError):
        return text


def _folder(text: str) -> tuple[Path, str]:
    """The folder, or that of the unpacked zip, and what it is called."""
    try:
        path = Path(text).expanduser()
        if text and path.is_dir():
            return path.resolve(), path.resolve().name
        if text and path.is_file() and (zipfile.is_zipfile(path) or path.suffix.lower() == ".zip"):
            return unpacked(path), path.stem
    except (OSError, RuntimeError, ValueError) as error:
        raise _unknown(text) from error
    raise _unknown(text)


def _unknown(text: str) -> DataError:
    return DataError(
        f"There is no data set at {text[:200]!r}.",
        f"Give {', '.join(NAMED)}, a folder of pictures, or a zip of one.",
    )
