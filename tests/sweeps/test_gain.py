"""What is said of a retraining's gain, against McNemar's test by hand."""

from __future__ import annotations

import math

import pytest

from core.compare.evaluate import Accuracy
from core.retraining.store import Result
from core.sweeps.gain import sentence


def _result(before: float, after: float, gained: int | None, lost: int | None, best: int = 1) -> Result:
    def accuracy(regime: str, top1: float) -> Accuracy:
        return Accuracy("squeezenet", "signs", "fixed5", regime, "reference", "emulated", "", 1000, top1, 99.0, None)

    both = accuracy("raw", before), accuracy("retrain", after)
    return Result("a.safetensors", *both, "test crops", {"best_epoch": best}, 1.0, (), gained, lost)


def _by_hand(gained: int, lost: int) -> float:
    changed = gained + lost
    return min(1.0, 2 * sum(math.comb(changed, k) for k in range(min(gained, lost) + 1)) / 2**changed)


@pytest.mark.parametrize(("gained", "lost", "real"), [(12, 2, True), (31, 26, False), (2, 12, True), (1, 0, False)])
def test_a_gain_is_real_or_cannot_be_told(gained: int, lost: int, real: bool) -> None:
    said = sentence(_result(70.0, 70.0 + (gained - lost) / 10, gained, lost))
    p = f"p = {_by_hand(gained, lost):.4f}"
    assert said.startswith(f"{(gained - lost) / 10:+.2f} points: {gained} pictures gained, {lost} lost. ")
    assert said.endswith(f"Real: {p}." if real else f"No difference can be told ({p}).")


def test_the_weights_as_they_were_are_no_gain() -> None:
    kept = "No epoch was better than the weights as they were: no weight was changed."
    assert sentence(_result(70.0, 70.0, 0, 0, best=0)) == kept
    searched = sentence(_result(70.0, 71.0, 12, 2, best=0))  # fractional lengths that were found afterwards
    assert searched.startswith(f"{kept} +1.00 points")


def test_a_result_that_did_not_count_them_claims_nothing() -> None:
    said = sentence(_result(70.0, 71.0, None, None))
    assert said.startswith("+1.00 points; whether that is more than chance cannot be told")
