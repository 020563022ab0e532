"""Weights files and zips that visitors sent: kept in the cache folder under their own names, the latest few."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from core import settings
from core.datasets import archive
from core.errors import StoreError, WeightsError
from core.files import write_atomically
from core.models.fit import Layout
from core.models.weights import identify
from core.serving.worker import shared_worker

MOST_KEPT = 6
FIRST = -1  # ahead of answers: a choice that the page cannot be drawn without


def keep(name: str, data: bytes, named: Callable[[], Iterable[str]]) -> Path:
    """Write the file, unless it is there, and forget the oldest, and what was unpacked of them; but not those whose paths are
    `named`, by jobs for example.

    Raises StoreError where it cannot be written.
    """
    path = _folder() / hashlib.sha256(data).hexdigest()[:16] / _plain(name)
    try:
        if not path.exists():
            with write_atomically(path) as temporary:
                temporary.write_bytes(data)
        os.utime(path.parent)
        _forget_oldest(named)
    except OSError as error:
        remedy = "Free some space, or set BITLENS_CACHE to a folder that can be written."
        raise StoreError(f"{path.name} cannot be kept: {error.strerror or error}.", remedy) from error
    return path


def layout(path: Path) -> Layout:
    """Which network a kept file holds, worked out once. torch is imported by the inference thread. Raises WeightsError."""
    found = _layout(path)
    if isinstance(found, WeightsError):
        raise WeightsError(found.message, found.remedy)
    return found


@lru_cache(maxsize=64)
def _layout(path: Path) -> Layout | WeightsError:
    """A file that does not fit is not read anew at every click."""
    try:
        return shared_worker().submit(lambda: identify(path), FIRST).result()
    except WeightsError as error:
        return WeightsError(error.message, error.remedy)


def _folder() -> Path:
    return settings.cache_folder() / "uploads"


def _plain(name: str) -> str:
    """The name without what a file system may mind: "../my weights.pth" gives "my_weights.pth"."""
    return re.sub(r"[^\w.-]", "_", Path(name.replace("\\", "/")).name)[-100:]


def _forget_oldest(named: Callable[[], Iterable[str]]) -> None:
    """`named` is asked after the files are listed: a file that a job names by then is spared."""
    oldest = sorted(_folder().iterdir(), key=lambda folder: folder.stat().st_mtime)[:-MOST_KEPT]
    spared = {Path(text).parent.name for text in named()} if oldest else set()
    for folder in oldest:
        if folder.name not in spared:
            shutil.rmtree(folder, ignore_errors=True)
            archive.forget(folder.name)
