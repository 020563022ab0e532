"""Imagenette (fastai): photographs of ten ImageNet classes, for the `imagenet` weights. Downloaded only when asked for."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path

from core import settings
from core.datasets.folder import FolderSet, open_folder
from core.errors import DataError

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
SIZES = ("320px", "160px", "full")
"""The shorter side of its pictures. 320 pixels suffice for networks that see 224."""
MEGABYTES = {"320px": 342, "160px": 99, "full": 1_557}


def open_imagenette(words: Sequence[str], split: str | None) -> FolderSet:
    """`words` are what follows `imagenette:`, a size. Raises DataError where it was not downloaded."""
    size = words[0] if words else SIZES[0]
    if len(words) > 1 or size not in SIZES:
        raise DataError(f"There is no Imagenette {':'.join(words)}.", f"Choose from: {', '.join(SIZES)}.")
    folder = _folder(size)
    if not folder.is_dir():
        raise DataError(
            f"Imagenette ({size}) is not here.",
            f"Fetch it, {MEGABYTES[size]:,} MB, or unpack it yourself and give its folder.",
        )
    found = open_folder(folder, split, f"Imagenette {size}")
    return replace(found, classes=tuple(NAMES.get(synset, synset) for synset in found.classes))


def fetch_imagenette(size: str = SIZES[0]) -> Path:
    """Download and unpack what is not here, checked by torchvision; progress goes to standard error. Raises DataError.

    It is unpacked elsewhere and renamed at the end: torchvision takes any folder of the right name for a whole set.
    """
    target = _folder(size)
    if target.is_dir():
        return target
    waiting = settings.cache_folder() / "sets" / f"imagenette-{size}.part"
    try:
        shutil.rmtree(waiting / target.name, ignore_errors=True)
        waiting.mkdir(parents=True, exist_ok=True)
        _download(waiting, size)
        (waiting / target.name).rename(target)
        shutil.rmtree(waiting, ignore_errors=True)
    except (OSError, HTTPException, RuntimeError, EOFError, tarfile.TarError) as error:
        raise DataError(
            f"Imagenette ({size}) cannot be downloaded ({error}).",
            f"Connect to the internet and see that {target.parent} has room, or unpack it yourself and give its folder.",
        ) from error
    return target


def _download(folder: Path, size: str) -> None:
    from torchvision.datasets import Imagenette

    for split in ("train", "val"):
        Imagenette(folder, split=split, size=size, download=True)


def _folder(size: str) -> Path:
    return settings.cache_folder() / "sets" / ("imagenette2" if size == "full" else f"imagenette2-{size[:3]}")
