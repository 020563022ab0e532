"""What two sweeps differ in, against counts made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import RangeError, RequestError
from core.sweeps.between import between, to_text
from core.sweeps.outcomes import Outcomes
from core.sweeps.plan import Plan
from core.sweeps.store import SweepStore
from tests.sweeps.by_hand import conditions, outcomes
from tests.sweeps.fakes import begun, plan

ALL = [True] * 80 + [False] * 20
LESS = [True] * 71 + [False] * 9 + [True] + [False] * 19


def _store(
    path: Path, chosen: Plan, found: list[Outcomes], record: dict[str, Any] | None = None, **more: Any
) -> SweepStore:
    """`more` changes the conditions, `record` what is known of every variant."""
    store = begun(path, chosen)
    base = conditions(chosen, 1000)
    records = tuple(replace(one, **(record or {})) for one in base.variants)
    store.begin(replace(base, variants=records, **more))
    for number, answered in enumerate(found):
        store.record(number, 0, answered, 1.0, 0.5)
    return store


def test_the_same_pictures_are_paired(tmp_path: Path) -> None:
    """80 right, then 9 of them lost and one gained: p is 22 / 1,024."""
    first = _store(tmp_path / "a", plan(formats=("fp32",)), [outcomes(ALL)])
    second = _store(tmp_path / "b", plan(formats=("fp32",)), [outcomes(LESS)])
    found = between(first, second)
    (row,) = found.rows
    assert (found.reason, found.jobs, row.paired) == ("", (first.job, second.job), True)
    assert (row.images, row.top1, row.points, row.agreement, row.changed) == ((100, 100), (80.0, 72.0), -8.0, 90.0, ())
    assert row.p_value == pytest.approx(22 / 1024)
    assert to_text(found).splitlines()[3].split() == [
        "SqueezeNet",
        "FP32",
        "100",
        "80.00,",
        "72.00",
        "-8.00",
        "0.0215",
        "90.00",
    ]


def test_only_what_both_have_answered_counts(tmp_path: Path) -> None:
    """Samples of other limits: 50 pictures are in both, 30 of the first's and 40 of the second's are right among them."""
    first = _store(tmp_path / "a", plan(formats=("fp32",)), [outcomes([False] * 50 + [True] * 30 + [False] * 20)])
    second = _store(tmp_path / "b", plan(formats=("fp32",)), [outcomes([True] * 40 + [False] * 60, begin=50)])
    (row,) = between(first, second).rows
    assert (row.images, row.top1, row.points) == ((50, 50), (60.0, 80.0), pytest.approx(20.0))
    apart = _store(tmp_path / "c", plan(formats=("fp32",)), [outcomes([True] * 10, begin=500)])
    (row,) = between(first, apart).rows
    assert (row.images, row.points, row.p_value, row.agreement) == ((0, 0), None, None, None)


def test_other_pictures_have_no_p_value_and_it_is_said(tmp_path: Path) -> None:
    first = _store(tmp_path / "a", plan(formats=("fp32",)), [outcomes(ALL)], name="Signs")
    second = _store(tmp_path / "b", plan(formats=("fp32",)), [outcomes([True] * 10)], data="another", name="Pets")
    found = between(first, second)
    (row,) = found.rows
    assert (row.paired, row.images, row.top1, row.points) == (False, (100, 10), (80.0, 100.0), 20.0)
    assert (row.p_value, row.agreement) == (None, None)
    assert "The pictures are not the same ones (Signs, and Pets)" in to_text(found)
    assert "100, 10" in to_text(found) and "McNemar" not in to_text(found)


def test_networks_of_other_labels_are_not_paired(tmp_path: Path) -> None:
    first = _store(tmp_path / "a", plan(formats=("fp32",)), [outcomes(ALL)])
    second = _store(tmp_path / "b", plan(formats=("fp32",)), [outcomes(ALL)], record={"labels": "imagenet"})
    (row,) = between(first, second).rows
    assert (row.paired, row.p_value, row.points) == (False, None, 0.0)


def test_what_one_alone_has_is_listed(tmp_path: Path) -> None:
    """A variant that failed counts as one that is not there."""
    first = _store(tmp_path / "a", plan(formats=("fp32", "fixed8")), [outcomes(ALL)] * 2)
    second = _store(tmp_path / "b", plan(formats=("fp32", "fixed8", "int8")), [outcomes(ALL)])
    second.fail(1, RangeError("Too large.", "Choose BF16."))
    found = between(first, second)
    assert [row.format for row in found.rows] == ["fp32"]
    assert found.alone == (("SqueezeNet FIXED-8 (photos)",), ("SqueezeNet INT8 (photos)",))
    assert f"Only in {second.job}: SqueezeNet INT8 (photos)." in to_text(found)


@pytest.mark.parametrize(
    ("record", "changed"),
    [
        ({"weights_sha256": "other", "program_sha256": "other"}, ("other weights",)),
        ({"program_sha256": "other"}, ("other integers or scales",)),
        ({"engine": "cpu", "arithmetic": "integer"}, ("cpu, integer, not reference, emulated",)),
    ],
)
def test_what_else_differs_is_said(tmp_path: Path, record: dict[str, str], changed: tuple[str, ...]) -> None:
    first = _store(tmp_path / "a", plan(formats=("fixed8",)), [outcomes(ALL)])
    second = _store(tmp_path / "b", plan(formats=("fixed8",)), [outcomes(ALL)], record)
    found = between(first, second)
    assert found.rows[0].changed == changed
    assert to_text(found).splitlines()[3].endswith(changed[0])


def test_two_files_of_one_name_are_two_weights(tmp_path: Path) -> None:
    """And a file has the same name wherever its folder is."""
    here, there = (plan(formats=("fp32",), weights=(f"{home}/a/mine.st", f"{home}/b/mine.st")) for home in ("/h", "/t"))
    first = _store(tmp_path / "a", here, [outcomes(ALL), outcomes(LESS)])
    second = _store(tmp_path / "b", there, [outcomes(ALL), outcomes(LESS)])
    found = between(first, second)
    assert [(row.weights, row.top1) for row in found.rows] == [
        *(("mine.st", (80.0, 80.0)), ("mine.st (2)", (72.0, 72.0))),
    ]
    assert found.alone == ((), ())


def test_without_labels_agreement_is_what_is_left(tmp_path: Path) -> None:
    first = _store(tmp_path / "a", plan(formats=("fp32",)), [outcomes(ALL, labelled=False)])
    second = _store(tmp_path / "b", plan(formats=("fp32",)), [outcomes(LESS, labelled=False)])
    (row,) = between(first, second).rows
    assert (row.top1, row.points, row.p_value, row.agreement) == ((None, None), None, None, 90.0)


def test_one_that_has_not_begun(tmp_path: Path) -> None:
    first = _store(tmp_path / "a", plan(formats=("fp32",)), [outcomes(ALL)])
    with pytest.raises(RequestError, match="has no results. Choose one that has begun"):
        between(first, begun(tmp_path / "b", plan()))
