"""What weights that ship are made from: pictures that train, pictures that score, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.labelled import TrainingData
from core.datasets.tiny_imagenet import Split
from core.training.recipe import Recipe

Members = Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class Scored:
    """Pictures that are scored once. `words` says which they are, after their number: "validation pictures of ...".

    `groups()` is accuracy's breakdown: for each factor, such as "size", which pictures belong to each of its groups, such as
    "27 to 38", as [n] truths.
    """

    pictures: Split
    words: str
    groups: Callable[[], Mapping[str, Members]] = dict


@dataclass(frozen=True)
class Source:
    """`data` are the card's words for the training pictures; `limit_bytes` is the most that a network's file may have.

    `training` and `scored` take the folder that `--data` names, None without one, and raise RequestError or DataError where
    they need another.
    """

    data: str
    recipe: Recipe
    limit_bytes: int
    training: Callable[[Path | None], TrainingData]
    scored: Callable[[Path | None], Scored]
