"""Small data sets on disk, for the tests of what reads them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def picture(seed: int, side: int = 12, kind: str = "PNG") -> bytes:
    """Random colours, the same for the same seed."""
    values = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(values).save(encoded, kind)
    return encoded.getvalue()


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def write_zip(path: Path, files: Mapping[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data, how)
    return path


def two_classes(count: int = 3) -> dict[str, bytes]:
    """`count` cats and `count` dogs; the cats' seeds begin at 0, the dogs' at 100."""
    pairs = (("cat", 0), ("dog", 100))
    return {f"{name}/{number}.png": picture(begin + number) for name, begin in pairs for number in range(count)}
