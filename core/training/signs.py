"""The `signs` networks' source: pictures that this repository draws, scored by what makes them hard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core import settings
from core.datasets.labelled import TrainingData
from core.datasets.signs import training
from core.datasets.signs.factors import EDGES, group
from core.errors import RequestError
from core.training.recipe import Recipe, Stage
from core.training.source import Members, Scored, Source

ABSENT = 0.001  # the first edge of a factor that may be absent


def _training(folder: Path | None) -> TrainingData:
    _check_none(folder)
    return training.training_data(settings.cache_folder())


def _scored(folder: Path | None) -> Scored:
    _check_none(folder)
    return Scored(training.load("test", settings.cache_folder()), "test crops of the Signs set, seed 0", groups)


def groups() -> dict[str, Members]:
    """Of the test crops: by "size", 2,695 of 10,000 signs are "below 27" pixels. Drawing them for this takes seconds."""
    drawn = training.signs_set("test")
    factors = [drawn.factors(index).as_dict() for index in range(len(drawn))]
    return {name: _members(name, np.array([one[name] for one in factors])) for name in EDGES}


def _members(name: str, values: np.ndarray) -> Members:
    numbers = np.array([group(name, value) for value in values.tolist()])
    return {title: numbers == number for number, title in enumerate(titles(name))}


def titles(name: str) -> tuple[str, str, str]:
    """Of a factor's three groups: "none", "below 0.8" and "0.8 and more" of "defocus", which may be absent."""
    low, high = EDGES[name]
    if low <= ABSENT:
        return "none", f"below {high:g}", f"{high:g} and more"
    return f"below {low:g}", f"{low:g} to {high:g}", f"{high:g} and more"


def _check_none(folder: Path | None) -> None:
    if folder is not None:
        raise RequestError("The Signs set is drawn, not read from a folder.", "Leave --data out.")


SOURCE = Source(
    "The Signs set, drawn by this repository: 60,000 training crops from seed 0, 5,000 of split val held back.",
    Recipe(stages=(Stage(1, 32), Stage(1, 48), Stage(1, 64)), smallest_crop=0.9, mirror=False),
    limit_bytes=2_000_000,
    training=_training,
    scored=_scored,
)
