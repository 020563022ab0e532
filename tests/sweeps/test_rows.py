"""The table, made of stored outcomes."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from core.engines.program import Convolution, Edge, Program, Shift, Window
from core.errors import RangeError
from core.sweeps.conditions import Conditions, fingerprint
from core.sweeps.progress import remaining_s
from core.sweeps.rows import Row, table
from tests.sweeps.by_hand import conditions, filled, outcomes
from tests.sweeps.fakes import begun, plan

KEYS = (
    *("network", "weights", "format", "regime", "engine", "arithmetic", "images", "top1", "top1_low", "top1_high"),
    *("top5", "agreement", "p_value", "keeps_99", "keeps_999", "images_per_second"),
)


def test_the_keys_of_a_row() -> None:
    assert tuple(field.name for field in fields(Row)) == KEYS


def test_a_table_by_hand(tmp_path: Path) -> None:
    """100 pictures: FP32 has 80 right; FIXED-8 loses 9 of them and gains 1."""
    chosen = plan(formats=("fp32", "fixed8"))
    before, after = [True] * 80 + [False] * 20, [True] * 71 + [False] * 9 + [True] + [False] * 19
    halves = {0: [outcomes(before[:50]), outcomes(before[50:], 50)], 1: [outcomes(after)]}
    _, found = filled(tmp_path, chosen, halves)
    fp32, fixed8 = found.rows
    assert (fp32.images, fp32.top1, fp32.top5, fp32.agreement, fp32.p_value) == (100, 80.0, 100.0, 100.0, None)
    assert (round(fp32.top1_low or 0, 2), round(fp32.top1_high or 0, 2)) == (71.12, 86.66)
    assert (fp32.keeps_99, fp32.keeps_999) == ("yes", "yes")
    assert fp32.images_per_second == pytest.approx((50 / 50 + 50 / 0.5) / 2)
    assert (fixed8.top1, fixed8.agreement, fixed8.images_per_second) == (72.0, 90.0, None)
    assert fixed8.p_value == pytest.approx(22 / 1024)
    # z is -2.35 and -2.51: one-sided 0.0093 and 0.0060, times 3 and 4 questions.
    assert (fixed8.keeps_99, fixed8.keeps_999) == ("no", "no")
    detail = found.details[1]
    assert detail.ratio == pytest.approx(0.9)
    assert 0.8 < (detail.ratio_low or 0) < 0.9 < (detail.ratio_high or 0) < 1
    assert (detail.confidence, detail.calibration_error) == (pytest.approx(50.0), pytest.approx(22.0))
    (worst,) = detail.losing
    assert (worst.lost, worst.gained, worst.taken_for) == (9, 1, 9)


def test_the_speed_is_that_of_the_middle_batch(tmp_path: Path) -> None:
    """The first, which warms up, is a hundred times slower."""
    batches = [outcomes([True] * 10, begin) for begin in (0, 10, 20)]
    _, found = filled(tmp_path, plan(formats=("fp32",)), {0: batches}, seconds=0.1)
    assert found.rows[0].images_per_second == pytest.approx(100.0)


def test_each_network_is_compared_with_its_own_fp32(tmp_path: Path) -> None:
    chosen = plan(networks=("squeezenet", "vgg16"), formats=("fp32", "fixed8"))
    good, bad = outcomes([True] * 300), outcomes([False] * 300)
    _, found = filled(tmp_path, chosen, {0: [good], 1: [good], 2: [bad], 3: [bad]})
    assert [row.agreement for row in found.rows] == [100.0] * 4
    assert [row.p_value for row in found.rows] == [None, 1.0, None, 1.0]


def test_fp32_retrained_is_compared_with_fp32_raw(tmp_path: Path) -> None:
    chosen = plan(formats=("fp32",), regimes=("raw", "retrain"))
    _, found = filled(tmp_path, chosen, {0: [outcomes([True] * 4 + [False] * 6)], 1: [outcomes([True] * 10)]})
    raw, retrained = found.rows
    assert (raw.p_value, retrained.p_value) == (None, pytest.approx(2 / 64))
    assert retrained.agreement == 40.0


def test_without_fp32_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    _, found = filled(tmp_path, plan(formats=("fixed8",)), {0: [outcomes([True] * 5)]})
    (row,) = found.rows
    assert row.top1 == 100.0
    assert (row.agreement, row.p_value, row.keeps_99, row.keeps_999) == (None, None, None, None)


def test_without_labels_agreement_is_what_is_measured(tmp_path: Path) -> None:
    one, other = outcomes([True] * 8, labelled=False), outcomes([True] * 6 + [False] * 2, labelled=False)
    _, found = filled(tmp_path, plan(), {0: [one], 1: [other]})
    row = found.rows[1]
    assert (row.images, row.agreement) == (8, 75.0)
    assert (row.top1, row.top1_low, row.top5, row.p_value, row.keeps_99) == (None, None, None, None, None)
    assert found.rows[0].keeps_99 is None
    assert found.details[1].confidence == pytest.approx(50.0) and found.details[1].calibration_error is None


def test_while_it_runs_only_common_pictures_are_compared(tmp_path: Path) -> None:
    ahead = [outcomes([True] * 10), outcomes([False] * 10, 10)]
    _, found = filled(tmp_path, plan(), {0: ahead, 1: [outcomes([True] * 10)]})
    fp32, fixed8 = found.rows
    assert (fp32.images, fp32.top1) == (20, 50.0)
    assert (fixed8.images, fixed8.top1, fixed8.agreement, fixed8.p_value) == (10, 100.0, 100.0, 1.0)


def test_before_anything_is_finished(tmp_path: Path) -> None:
    _, found = filled(tmp_path, plan(), {})
    assert [(row.images, row.top1, row.agreement, row.images_per_second) for row in found.rows] == [
        (0, None, None, None)
    ] * 2


def test_a_variant_that_failed_has_no_row(tmp_path: Path) -> None:
    chosen = plan(formats=("fp32", "fp16", "fixed8"))
    store, _ = filled(tmp_path, chosen, {0: [outcomes([True] * 3)], 2: [outcomes([True] * 3)]})
    store.fail(1, RangeError("Too large.", "Choose BF16."))
    begun_with = store.conditions()
    assert begun_with is not None
    assert [row.format for row in table(store, begun_with).rows] == ["fp32", "fixed8"]


def test_remaining_time_goes_by_each_variants_own_pace(tmp_path: Path) -> None:
    chosen = plan()
    store = begun(tmp_path, chosen)
    begun_with = conditions(chosen, 250)
    store.record(0, 0, outcomes([True] * 100), 2.0, 0.1)
    assert remaining_s(begun_with, store.finished()) is None
    assert remaining_s(begun_with, store.finished(), failed=[1]) == pytest.approx(3.0)
    store.record(1, 0, outcomes([True] * 100), 10.0, 0.1)
    store.record(1, 2, outcomes([True] * 50, 200), 2.0, 0.1)
    assert remaining_s(begun_with, store.finished()) == pytest.approx(3.0 + 100 * 12 / 150)


def test_conditions_go_through_json_and_back() -> None:
    begun_with = conditions(plan(), 250)
    assert Conditions.from_json(begun_with.to_json()) == begun_with
    assert (begun_with.batches, replace(begun_with, pictures=300).batches) == (3, 3)


def test_a_programs_fingerprint_tells_its_integers_and_scales() -> None:
    import torch

    def program(weight: int = 3, scale: float = 0.5) -> Program:
        kernel, bias = torch.full((1, 1, 1, 1), weight, dtype=torch.int8), torch.zeros(1, dtype=torch.int64)
        convolution = Convolution("y", "layer", ("x",), kernel, bias, Window((1, 1)), 1, Shift(0))
        return Program((convolution,), {"y": Edge("y", "integer", -128, 127, scale, 0, (1, 4, 4))}, ("y",), 1)

    prints = [fingerprint(one) for one in (program(), program(), program(weight=2), program(scale=0.25))]
    assert prints[0] == prints[1] and len(set(prints)) == 3
