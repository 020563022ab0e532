"""The pictures on which formats differ: whose first answer a format changed, and where formats disagree among themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from PIL import Image

from core.datasets.picture_set import PictureSet
from core.datasets.survey import Unreadable, pictures
from core.errors import DataError
from core.images.crop import Crop, crop_box, cut
from core.models.labels import labels
from core.sweeps import statistics
from core.sweeps.conditions import Conditions
from core.sweeps.outcomes import UNKNOWN, Floats, Outcomes
from core.sweeps.results import Results
from core.sweeps.rows import is_baseline

Kind = Literal["lost", "gained", "wrong", "unknown"]
MOST = 24
SIDE = 96  # pixels


@dataclass(frozen=True)
class Answer:
    """A first answer, and its softmax from 0 to 1."""

    label: str
    score: float


@dataclass(frozen=True)
class Changed:
    """A picture that a variant answers otherwise than FP32.

    `kind`: the variant lost the right answer, gained it, or is wrong as FP32 is; unknown where no class is. `telling`, from 0
    to 1, is how much the confidence in the true class moved; where that is unknown, how sure the less sure of the two is.
    """

    picture: int
    truth: str | None
    before: Answer
    after: Answer
    kind: Kind
    telling: float


@dataclass(frozen=True)
class Disagreement:
    """A picture that not all variants answer alike; `answers` in the order that was asked for."""

    picture: int
    truth: str | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Thumbnail:
    """What the networks see of a picture, SIDE pixels wide and high; None where it can no longer be read."""

    picture: int
    title: str
    image: Image.Image | None = field(repr=False)


def changed(results: Results, conditions: Conditions, variant: int, most: int = MOST) -> list[Changed] | None:
    """Those of a variant, by its place in the plan; the most telling first. None where FP32, RAW, was not run or failed."""
    own = conditions.variants[variant]
    same = [
        number
        for number, one in enumerate(conditions.variants)
        if is_baseline(one) and (one.network, one.weights) == (own.network, own.weights)
    ]
    if not same or same[0] in results.failures():
        return None
    before, after = statistics.paired(results.outcomes(same[0]), results.outcomes(variant))
    differs = before.prediction != after.prediction
    before, after = before.take(differs), after.take(differs)
    telling = _telling(before, after)
    order = np.lexsort((before.pictures, -telling))[:most]
    names = labels(own.labels)
    return [_changed(names, before, after, int(place), float(telling[place])) for place in order]


def disagreeing(
    results: Results, conditions: Conditions, variants: Sequence[int], most: int = MOST
) -> list[Disagreement]:
    """Those on which variants of the same kind of labels disagree: where more different answers are given first."""
    names = labels(conditions.variants[variants[0]].labels)
    answers = [results.outcomes(number) for number in variants]
    found = statistics.disagreements(answers)
    cut_out = [one.take(np.isin(one.pictures, found)) for one in answers]
    kinds = [len({int(one.prediction[place]) for one in cut_out}) for place in range(len(found))]
    order = sorted(range(len(found)), key=lambda place: (-kinds[place], found[place]))[:most]
    return [
        Disagreement(
            found[place], _truth(names, cut_out[0], place), tuple(_answer(names, one, place) for one in cut_out)
        )
        for place in order
    ]


def thumbnails(data: PictureSet, conditions: Conditions, wanted: Iterable[int]) -> list[Thumbnail]:
    """In the order asked for. Raises DataError where the set is no longer the one that was swept."""
    if data.fingerprint != conditions.data:
        raise DataError(
            f"The pictures of {data.name} have changed since they were swept.", "Sweep them again to see which changed."
        )
    return [
        Thumbnail(index, data.title(index), None if isinstance(image, Unreadable) else _square(image))
        for index, image in pictures(data, wanted)
    ]


def _square(image: Image.Image) -> Image.Image:
    return cut(image, crop_box(image.width, image.height, Crop()), SIDE)


def _telling(before: Outcomes, after: Outcomes) -> Floats:
    known = np.abs(before.probability - after.probability)
    return np.where(before.labelled, known, np.minimum(before.score, after.score))


def _changed(names: Sequence[str], before: Outcomes, after: Outcomes, place: int, telling: float) -> Changed:
    return Changed(
        picture=int(before.pictures[place]),
        truth=_truth(names, before, place),
        before=_answer(names, before, place),
        after=_answer(names, after, place),
        kind=_kind(before, after, place),
        telling=telling,
    )


def _kind(before: Outcomes, after: Outcomes, place: int) -> Kind:
    if before.truth[place] == UNKNOWN:
        return "unknown"
    if before.right[place]:
        return "lost"
    return "gained" if after.right[place] else "wrong"


def _truth(names: Sequence[str], found: Outcomes, place: int) -> str | None:
    truth = int(found.truth[place])
    return None if truth == UNKNOWN else names[truth]


def _answer(names: Sequence[str], found: Outcomes, place: int) -> Answer:
    return Answer(names[int(found.prediction[place])], float(found.score[place]))
