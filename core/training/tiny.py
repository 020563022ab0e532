"""The `photos` networks' source: Tiny ImageNet, from a folder."""

from __future__ import annotations

from pathlib import Path

from core import settings
from core.datasets import tiny_imagenet
from core.datasets.labelled import TrainingData
from core.errors import RequestError
from core.training.recipe import Recipe
from core.training.source import Scored, Source


def _training(folder: Path | None) -> TrainingData:
    return tiny_imagenet.training_data(_named(folder), settings.cache_folder())


def _scored(folder: Path | None) -> Scored:
    pictures = tiny_imagenet.load(_named(folder), "val", settings.cache_folder())
    return Scored(pictures, "validation pictures of Tiny ImageNet")


def _named(folder: Path | None) -> Path:
    if folder is None:
        raise RequestError(
            "Nothing says where Tiny ImageNet is.", "Add --data FOLDER: its official layout, or packed as parquet."
        )
    return folder


SOURCE = Source(
    "Tiny ImageNet (Stanford CS231N): 95,000 training pictures, 5,000 held back to choose epochs.",
    Recipe(),
    limit_bytes=6_000_000,
    training=_training,
    scored=_scored,
)
