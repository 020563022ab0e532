"""The Signs pictures that the `signs` networks are trained on and scored on: drawn once, then kept in the cache folder."""

from __future__ import annotations

from pathlib import Path

from core.datasets.labelled import TrainingData
from core.datasets.signs.signs_set import SignsSet, arrays
from core.datasets.tiny_imagenet import Split

SEED = 0
COUNTS = {"train": 60_000, "val": 5_000, "test": 10_000}


def training_data(cache: Path) -> TrainingData:
    """60,000 crops that train, and 5,000 of the split val held back. A mirrored arrow would be another sign."""
    parts = {split: load(split, cache) for split in ("train", "val")}
    fingerprint = signs_set("train").fingerprint
    return TrainingData("the Signs set", fingerprint, "signs", parts["train"], parts["val"], mirrored=False)


def load(split: str, cache: Path) -> Split:
    """All crops of a split, memory-mapped. Drawing 60,000 takes some minutes; another drawing library draws them anew."""
    asked = signs_set(split)
    target = cache / f"signs-{split}-{asked.fingerprint[:12]}"
    if not Split.is_kept(target):
        arrays(SEED, split, COUNTS[split]).save(target)
    return Split.open(target)


def signs_set(split: str) -> SignsSet:
    return SignsSet(COUNTS[split], SEED, split)
