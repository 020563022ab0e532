"""Tiny ImageNet (Stanford CS231N): 200 classes of 64 x 64 pictures, each with the box of its main object.

Two layouts are read alike: the official zip unpacked (`train/WNID/images/*.JPEG`, `val/images/*.JPEG`) and the same files
packed as parquet (`train-*.parquet`, `val.parquet` with columns file, wnid, x0, y0, x1, y1, jpeg). Both list pictures in the
order of their file names, so that a seed means the same thing in either.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from pyarrow import parquet

from core.datasets.labelled import Part, TrainingData, fingerprint
from core.errors import DataError
from core.files import write_atomically

SIDE = 64
HELD_BACK = 5_000
PARTS = ("images", "labels", "boxes")
Array = np.ndarray


@dataclass(frozen=True)
class Split:
    """Pictures uint8 [n, 3, 64, 64], labels int64 [n] (index into the sorted synset ids), boxes float32 [n, 4].

    A box is x0, y0, x1, y1 as fractions of the side: the inclusive pixels 0..63 of a full picture are 0, 0, 1, 1.
    """

    images: Array
    labels: Array
    boxes: Array

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Array) -> Split:
        return Split(self.images[index], self.labels[index], self.boxes[index])

    def save(self, folder: Path) -> None:
        """Three arrays, the boxes last: where they are, the others are whole."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in PARTS:
            _save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> Split:
        """What `save` wrote, memory-mapped."""
        return cls(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in PARTS))

    @staticmethod
    def is_kept(folder: Path) -> bool:
        return (folder / f"{PARTS[-1]}.npy").exists()


@dataclass(frozen=True)
class Entry:
    file: str
    wnid: str
    box: tuple[int, int, int, int]
    read: Callable[[], bytes]


def load(folder: Path, split: str, cache: Path) -> Split:
    """Read `train` or `val`, decoding each picture once: the arrays are kept in `cache` and memory-mapped afterwards.

    Raises DataError where the folder has neither layout.
    """
    target = cache / f"tiny-imagenet-{split}-{_folder_key(folder)}"
    if not Split.is_kept(target):
        names = wnids(folder)
        _decoded(_checked(folder, split, names), names).save(target)
    return Split.open(target)


def hold_back(total: int, seed: int = 0, count: int = HELD_BACK) -> tuple[Array, Array]:
    """Indices of the training pictures that train, and of the `count` held back to choose epochs and fractional lengths."""
    order = np.random.default_rng(seed).permutation(total)
    return np.sort(order[count:]), np.sort(order[:count])


def training_data(folder: Path, cache: Path) -> TrainingData:
    """95,000 of the training pictures, and the 5,000 held back. Raises DataError where the folder has neither layout."""
    whole = load(folder, "train", cache)
    kept, held_back = hold_back(len(whole))
    return TrainingData("Tiny ImageNet", fingerprint(whole), "photos", Part(whole, kept), Part(whole, held_back))


def wnids(folder: Path) -> list[str]:
    """The 200 synset ids, sorted: the order of every `photos` network's outputs."""
    path = folder / "wnids.txt"
    if not path.is_file():
        raise DataError(
            f"{folder} has no wnids.txt.", "Give the folder of Tiny ImageNet that holds wnids.txt and its pictures."
        )
    return sorted(path.read_text().split())


def _folder_key(folder: Path) -> str:
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]


def _checked(folder: Path, split: str, names: list[str]) -> list[Entry]:
    """The entries in the order of their file names, each of a known class. Raises DataError."""
    entries = sorted(_entries(folder, split), key=lambda entry: entry.file)
    if not entries:
        raise DataError(f"The {split} split in {folder} lists no pictures.", "Copy the data set anew.")
    unknown = {entry.wnid for entry in entries}.difference(names)
    if unknown:
        raise DataError(f"{folder} has pictures of {min(unknown)}, which wnids.txt lacks.", "Copy the data set anew.")
    return entries


def _entries(folder: Path, split: str) -> Iterator[Entry]:
    parquets = sorted(folder.glob(f"{split}*.parquet"))
    if parquets:
        return (entry for path in parquets for entry in _parquet_entries(path))
    if split == "train" and (folder / "train").is_dir():
        return _official_train(folder / "train")
    if split == "val" and (folder / "val" / "val_annotations.txt").is_file():
        return _official_val(folder / "val")
    raise DataError(
        f"{folder} holds no {split} pictures of Tiny ImageNet.",
        f"Expected {split}*.parquet, or the official layout with a {split} folder.",
    )


def _parquet_entries(path: Path) -> Iterator[Entry]:
    for row in parquet.read_table(path).to_pylist():
        box = (row["x0"], row["y0"], row["x1"], row["y1"])
        yield Entry(Path(row["file"]).name, row["wnid"], box, partial(bytes, row["jpeg"]))


def _official_train(folder: Path) -> Iterator[Entry]:
    for boxes in sorted(folder.glob("*/*_boxes.txt")):
        for line in boxes.read_text().splitlines():
            file, *corners = line.split()
            yield _official_entry(boxes.parent / "images" / file, boxes.parent.name, corners)


def _official_val(folder: Path) -> Iterator[Entry]:
    for line in (folder / "val_annotations.txt").read_text().splitlines():
        file, wnid, *corners = line.split()
        yield _official_entry(folder / "images" / file, wnid, corners)


def _official_entry(path: Path, wnid: str, corners: list[str]) -> Entry:
    x0, y0, x1, y1 = (int(corner) for corner in corners)
    return Entry(path.name, wnid, (x0, y0, x1, y1), path.read_bytes)


def _decoded(entries: list[Entry], names: list[str]) -> Split:
    index = {name: position for position, name in enumerate(names)}
    images = np.empty((len(entries), 3, SIDE, SIDE), np.uint8)
    with ThreadPoolExecutor(2) as pool:
        for position, picture in enumerate(pool.map(_decode, entries)):
            images[position] = picture
    corners = np.array([entry.box for entry in entries], np.float32)
    labels = np.array([index[entry.wnid] for entry in entries], np.int64)
    return Split(images, labels, (corners + np.array([0, 0, 1, 1], np.float32)) / SIDE)


def _decode(entry: Entry) -> Array:
    try:
        with Image.open(io.BytesIO(entry.read()), formats=["JPEG"]) as picture:
            pixels = np.asarray(picture.convert("RGB")).transpose(2, 0, 1)
    except OSError as error:
        raise DataError(f"{entry.file} cannot be read as a JPEG picture.", "Copy the data set anew.") from error
    if pixels.shape != (3, SIDE, SIDE):
        raise DataError(
            f"{entry.file} has {pixels.shape[2]} x {pixels.shape[1]} pixels where {SIDE} x {SIDE} are expected.",
            "Give Tiny ImageNet, not another data set.",
        )
    return pixels


def _save(path: Path, array: Array) -> None:
    with write_atomically(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, array)
