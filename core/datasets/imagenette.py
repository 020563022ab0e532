"""Imagenette (fastai): photographs of ten ImageNet classes, for the `imagenet` weights. Downloaded only when asked for."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core import settings
from core.datasets.archive import MOST_FILES, check_name
from core.datasets.folder import FolderSet, open_folder
from core.datasets.suffixes import is_picture
from core.download import Report, Source, download
from core.errors import Cancelled, DataError

NAMES = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}
ADDRESS = "https://s3.amazonaws.com/fast-ai-imageclas/"
DAMAGE = (tarfile.TarError, EOFError, zlib.error)


@dataclass(frozen=True)
class Archive:
    """One of Imagenette's archives as torchvision's `Imagenette` names it, with its MD5 and its size."""

    size: str
    file: str
    md5: str
    megabytes: int

    @property
    def title(self) -> str:
        return f"Imagenette ({self.size})"

    @property
    def source(self) -> Source:
        return Source(ADDRESS + self.file, self.md5, "md5", DataError, "BITLENS_CACHE")

    @property
    def folder(self) -> Path:
        """Where its pictures are once they are here."""
        return settings.cache_folder() / "sets" / Path(self.file).stem

    @property
    def is_here(self) -> bool:
        return self.folder.is_dir()

    def fetch(self, report: Report, cancelled: Callable[[], bool] = lambda: False) -> Path:
        """Download and unpack what is not here; returns the folder. Raises DataError, or Cancelled: it goes on from there.

        `report` receives the bytes that are here and the bytes in all; the unpacking behind them takes seconds.
        """
        if self.is_here:
            return self.folder
        whole = self.folder.with_name(self.file)
        if not _is_right(whole, self.md5):  # left by an unpacking that was stopped, or put there by hand
            _check_room(self)
            download(self.source, whole, report, cancelled)
        _unpack(self, whole, cancelled)
        whole.unlink(missing_ok=True)
        return self.folder


ARCHIVES = {
    archive.size: archive
    for archive in (
        Archive("320px", "imagenette2-320.tgz", "3df6f0d01a2c9592104656642f5e78a3", 342),
        Archive("160px", "imagenette2-160.tgz", "e793b78cc4c9e9a4ccc0c1155377a412", 99),
        Archive("full", "imagenette2.tgz", "fe2fc210e6bb7c5664d602c3cd71e612", 1_557),
    )
}
"""By the shorter side of its pictures. 320 pixels suffice for networks that see 224."""


def archive_of(words: Sequence[str]) -> Archive:
    """`words` are what follows `imagenette:`, a size; the first archive without one. Raises DataError."""
    size = words[0] if words else next(iter(ARCHIVES))
    if len(words) > 1 or size not in ARCHIVES:
        raise DataError(f"There is no Imagenette {':'.join(words)}.", f"Choose from: {', '.join(ARCHIVES)}.")
    return ARCHIVES[size]


def open_imagenette(words: Sequence[str], split: str | None) -> FolderSet:
    """`words` are what follows `imagenette:`. Raises DataError where it was not downloaded."""
    archive = archive_of(words)
    if not archive.is_here:
        raise DataError(
            f"{archive.title} is not here.",
            f"Fetch it, {archive.megabytes:,} MB, or unpack it yourself and give its folder.",
        )
    found = open_folder(archive.folder, split, f"Imagenette {archive.size}")
    return replace(found, classes=tuple(NAMES.get(synset, synset) for synset in found.classes))


def _is_right(path: Path, md5: str) -> bool:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "md5").hexdigest() == md5
    except FileNotFoundError:
        return False


def _check_room(archive: Archive) -> None:
    """For the archive and its pictures, which are of the same size: JPEG does not become smaller by zipping."""
    parent = archive.folder.parent
    parent.mkdir(parents=True, exist_ok=True)
    needed, free = 2 * archive.megabytes, shutil.disk_usage(parent).free // 1_000_000
    if needed > free:
        raise DataError(
            f"{archive.title} takes {needed:,} MB until it is unpacked, and {parent} has room for {free:,} MB.",
            "Make room there, or name another folder in BITLENS_CACHE.",
        )


def _unpack(archive: Archive, path: Path, cancelled: Callable[[], bool]) -> None:
    """All of it or nothing: into a temporary folder, whose content then takes its name."""
    target = archive.folder
    try:
        with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=target.parent) as folder:
            with tarfile.open(path, "r:gz") as tar:
                for member in _pictures(path, tar):
                    if cancelled():
                        raise Cancelled(f"The unpacking of {archive.title} was stopped.", "Start it again.")
                    tar.extract(member, folder, filter="data")
            if not target.is_dir():  # another process may have been faster
                (Path(folder) / target.name).rename(target)
    except (OSError, *DAMAGE) as error:
        raise DataError(
            f"{path.name} cannot be unpacked ({error}).",
            f"Make room in {target.parent}, or remove {path.name} there and fetch it again.",
        ) from error


def _pictures(path: Path, tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Pictures alone are unpacked. Raises DataError for what a data set has not."""
    for count, member in enumerate(tar):
        if count >= MOST_FILES:
            raise DataError(f"{path.name} holds more than {MOST_FILES:,} files.", "Fetch it again.")
        check_name(path, member.name, member.name)
        if member.isfile() and is_picture(member.name):
            yield member
