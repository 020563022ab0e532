from __future__ import annotations

import pytest

from core.errors import RequestError
from core.training.recipe import Recipe, Stage, parse_stages


def test_the_rate_by_hand() -> None:
    """Peak 0.02 after a twentieth of the run; from 0.002 up to it, and down to 0.00002."""
    recipe = Recipe()
    for progress, rate in ((0, 0.002), (0.025, 0.011), (0.05, 0.02), (0.525, 0.01001), (1, 0.00002)):
        assert recipe.rate(progress) == pytest.approx(rate)


def test_the_rate_has_one_peak() -> None:
    rates = [Recipe().rate(step / 1000) for step in range(1001)]
    peak = rates.index(max(rates))
    assert peak == 50
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


def test_the_sides_follow_the_stages() -> None:
    recipe = Recipe(stages=(Stage(2, 32), Stage(1, 48), Stage(1, 64)))
    assert recipe.epochs == 4
    assert [recipe.side(epoch) for epoch in range(5)] == [32, 32, 48, 64, 64]
    assert [Recipe().side(epoch) for epoch in (0, 7, 8, 10, 11, 12)] == [32, 32, 48, 48, 64, 64]


def test_stages_from_text() -> None:
    assert parse_stages("8x32, 3x48,2x64") == (Stage(8, 32), Stage(3, 48), Stage(2, 64))
    for text in ("", "8", "8x", "0x32", "8x0", "8x32,", "ax32", "8x32x64", "-1x32"):
        with pytest.raises(RequestError, match="names no stages. Give epochs x side"):
            parse_stages(text)


def test_the_record_for_the_card() -> None:
    record = Recipe(stages=(Stage(1, 32),), seed=7).as_dict()
    assert record["stages"] == ({"epochs": 1, "side": 32},)
    assert (record["seed"], record["batch"], record["peak_rate"]) == (7, 128, 0.02)


def test_a_record_from_before_mirroring_was_a_choice_was_mirrored() -> None:
    record = Recipe(seed=7).as_dict()
    del record["mirror"]
    assert Recipe.from_dict(record) == Recipe(seed=7)
    assert Recipe(seed=7).mirror
