from __future__ import annotations

from dataclasses import replace

import pytest

from core.datasets.signs.signs_set import SignsSet
from core.sweeps import budgets
from core.sweeps.conditions import VariantRecord
from tests.sweeps.by_hand import conditions
from tests.sweeps.fakes import plan

PLAN = plan(formats=("fp32", "fixed4"), regimes=("raw", "retrain"))


def records(data: str, **changes: str) -> list[VariantRecord]:
    """RAW and RE-TRAIN, the latter trained on `data`."""
    return [
        replace(
            one,
            **changes,
            **({"retrained": f"1 epoch on {data}", "options": {"data": data}} if one.regime == "retrain" else {}),
        )
        for one in conditions(PLAN, 10).variants
    ]


@pytest.mark.parametrize(
    ("data", "weights", "labels"),
    [
        ("Tiny ImageNet", "photos", "photos"),
        (SignsSet(8, 3, "train").name, "signs", "signs"),
        ("pets (train)", "/mine.safetensors", "photos"),
    ],
)
def test_the_weights_own_pictures_need_no_word_and_nobody_knows_those_of_a_file(
    data: str, weights: str, labels: str
) -> None:
    assert budgets.elsewhere(records(data, weights=weights, weights_name=weights, labels=labels)) == ()


@pytest.mark.parametrize(
    ("data", "weights", "own"),
    [
        ("pets (train)", "photos", "Tiny ImageNet"),
        ("Signs (train)", "signs", "Signs"),  # a folder of that name
        (SignsSet(8, 3, "train").name, "photos", "Tiny ImageNet"),
        ("Tiny ImageNet", "imagenet", "ImageNet"),
    ],
)
def test_weights_that_were_retrained_on_other_pictures_are_told(data: str, weights: str, own: str) -> None:
    found = records(data, weights=weights, weights_name=weights, labels=weights)
    (sentence,) = budgets.elsewhere(found)
    assert sentence == (
        f"{found[2].title}, {found[3].title}: fine-tuned on {data}, and the {weights} weights were trained on {own}. "
        "What sets RE-TRAIN apart from RAW may be the other pictures, not the format."
    )


def test_what_was_trained_alike_is_told_together() -> None:
    raw, _, first, second = records("pets")
    other = replace(second, network="vgg16", retrained="2 epochs on pets")
    assert budgets.told([raw, first, second, other]) == (
        f"{first.title}, {second.title}: 1 epoch on pets.",
        f"{other.title}: 2 epochs on pets.",
    )
