"""A sweep's file says what its store says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as files

from core.datasets.survey import Unreadable
from core.errors import DataError, RangeError
from core.sweeps.carry_out import carry_out
from core.sweeps.conditions import Conditions
from core.sweeps.export import document
from core.sweeps.outcomes import Outcomes
from core.sweeps.parquet import KEY, read, to_parquet, write
from core.sweeps.plan import Plan
from core.sweeps.recorded import recorded
from core.sweeps.rows import table
from core.sweeps.store import SweepStore
from tests.sweeps.by_hand import conditions, filled, outcomes
from tests.sweeps.fakes import FakeNetworks, FakeSet, begun, plan


def _swept(path: Path, chosen: Plan, **of_the_set: object) -> tuple[SweepStore, Conditions]:
    store = begun(path, chosen)
    carry_out(chosen, store, FakeSet(20, **of_the_set), FakeNetworks())  # type: ignore[arg-type]
    found = store.conditions()
    assert found is not None
    return store, found


def _same(one: Outcomes, other: Outcomes) -> None:
    for name in Outcomes.__dataclass_fields__:
        left, right = getattr(one, name), getattr(other, name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("labelled", [True, False])
def test_all_that_a_store_says_is_read_back(tmp_path: Path, labelled: bool) -> None:
    """Of a real sweep, with pictures that cannot be read and a variant that fails."""
    chosen = plan(formats=("fp32", "fp16", "fixed8", "fixed4"), regimes=("raw",))
    store, found = _swept(tmp_path, chosen, broken=[3, 11], labelled=labelled)
    write(tmp_path / "out" / "sweep.parquet", chosen, store, found)
    record = read(tmp_path / "out" / "sweep.parquet")
    assert (record.job, record.plan, record.conditions()) == (store.job, chosen, found)
    assert record.finished() == store.finished()
    assert record.skipped() == store.skipped() and [one.index for one in record.skipped()] == [3, 11]
    assert record.failures() == store.failures() and list(record.failures()) == [1]
    for number in range(4):
        _same(record.outcomes(number), store.outcomes(number))
    assert table(record, found) == table(store, found)
    assert document(record.plan, record, found) == document(chosen, store, found)


def test_confidence_of_full_precision_shows_the_same_digits(tmp_path: Path) -> None:
    """Outcomes that were measured before scores were rounded: the rows stay equal, what is shown of the details too."""
    scores = np.random.default_rng(0).random(500)
    before = replace(outcomes([True, False] * 250), score=scores)
    chosen = plan()
    store, found = filled(tmp_path, chosen, {0: [before], 1: [outcomes([False] * 500)]})
    write(tmp_path / "sweep.parquet", chosen, store, conditions(chosen, 1000))
    again = table(read(tmp_path / "sweep.parquet"), conditions(chosen, 1000))
    assert again.rows == found.rows
    for name in ("confidence", "calibration_error"):
        assert f"{getattr(again.details[0], name):.2f}" == f"{getattr(found.details[0], name):.2f}"


def test_a_sweep_of_which_nothing_is_finished(tmp_path: Path) -> None:
    chosen = plan()
    store, _ = filled(tmp_path, chosen, {1: [outcomes([True])]})
    write(tmp_path / "sweep.parquet", chosen, store, conditions(chosen, 1000))
    record = read(tmp_path / "sweep.parquet")
    assert [len(record.outcomes(number)) for number in (0, 1)] == [0, 1]


def test_other_programs_read_plain_columns(tmp_path: Path) -> None:
    chosen = plan()
    store, found = _swept(tmp_path, chosen)
    rows = files.read_table(pa.BufferReader(to_parquet(chosen, store, found))).to_pylist()
    assert len(rows) == 40
    row = rows[
        24
    ]  # FIXED-8's answer to picture 4, whose class is 4: it takes every fourth for the next class. All others tie
    assert {name: row[name] for name in ("variant", "picture", "truth", "rank", "prediction")} == {
        **{"variant": 1, "picture": 4, "truth": 4, "rank": 6, "prediction": 5}
    }
    assert row["score"] == pytest.approx(np.exp(3) / (np.exp(3) + 199)) and row["probability"] < row["score"]


def test_unknown_classes_are_null(tmp_path: Path) -> None:
    chosen = plan()
    store, found = _swept(tmp_path, chosen, labelled=False)
    columns = files.read_table(pa.BufferReader(to_parquet(chosen, store, found)))
    assert [columns[name].null_count for name in ("truth", "rank", "probability", "prediction", "score")] == [
        *(40, 40, 40, 0, 0)
    ]


def test_a_folder_stays_at_home(tmp_path: Path) -> None:
    chosen = plan(data="/home-of-somebody/pets")
    store, found = _swept(tmp_path, chosen)
    written = to_parquet(chosen, store, found)
    assert b"home-of-somebody" not in written
    (tmp_path / "sweep.parquet").write_bytes(written)
    assert read(tmp_path / "sweep.parquet").plan == replace(chosen, data="pets")


def test_the_folders_of_weights_stay_at_home(tmp_path: Path) -> None:
    """In the Parquet file and in the JSON document, and two files of one name are still two."""
    home = "/home-of-somebody"
    chosen = plan(data=f"{home}/pets", weights=(f"{home}/a/mine.st", f"{home}/b/mine.st", "photos"))
    store, found = _swept(tmp_path, chosen)
    write(tmp_path / "sweep.parquet", chosen, store, found)
    record = read(tmp_path / "sweep.parquet")
    assert b"home-of-somebody" not in (tmp_path / "sweep.parquet").read_bytes()
    assert record.plan.weights == ("mine.st", "mine.st (2)", "photos")
    assert [one.weights for one in record.begun.variants] == [one.weights for one in record.plan.variants]
    assert table(record, record.begun).rows == table(store, found).rows
    assert len(table(record, record.begun).by_network) == 3
    said = document(chosen, store, found)
    assert "home-of-somebody" not in json.dumps(said)
    assert document(record.plan, record, record.begun) == said
    assert said["plan_sha256"] == record.plan.fingerprint


def _with_head(path: Path, head: bytes) -> Path:
    with files.ParquetWriter(path, pa.schema([("variant", pa.int16())])) as writer:
        writer.add_key_value_metadata({KEY: head})
    return path


@pytest.mark.parametrize("head", [b"", b"[]", b"{}", b'{"schema": 1}', b'{"schema": "new"}', b"words"])
def test_another_file_is_no_record(tmp_path: Path, head: bytes) -> None:
    with pytest.raises(DataError, match="sweep.parquet is damaged, or is not the record of a sweep. Write it again"):
        read(_with_head(tmp_path / "sweep.parquet", head))


def test_damaged_absent_and_newer_files(tmp_path: Path) -> None:
    chosen = plan()
    store, found = _swept(tmp_path, chosen)
    whole = to_parquet(chosen, store, found)
    for damaged in (b"", b"words", whole[:-100]):
        (tmp_path / "cut.parquet").write_bytes(damaged)
        with pytest.raises(DataError, match="cut.parquet is damaged"):
            read(tmp_path / "cut.parquet")
    (tmp_path / "inside.parquet").write_bytes(whole[:4] + bytes(200) + whole[204:])
    with pytest.raises(DataError, match="inside.parquet is damaged"):
        read(tmp_path / "inside.parquet").outcomes(0)
    with pytest.raises(DataError, match="There is no file gone.parquet"):
        read(tmp_path / "gone.parquet")
    newer = _with_head(tmp_path / "newer.parquet", json.dumps({"schema": 2}).encode())
    with pytest.raises(DataError, match="newer.parquet was written by a newer Bitlens. Update this one"):
        read(newer)


def test_what_ships_says_what_it_is_and_when_it_was_made(tmp_path: Path) -> None:
    chosen = plan()
    store, _ = filled(tmp_path, chosen, {0: [outcomes([True])]})
    store.skip([Unreadable(3, "3.png", "Cut off.")])
    store.fail(1, RangeError("Too large.", "Choose BF16."))
    made = replace(conditions(chosen, 10_000), name="Tiny ImageNet", environment={"bitlens": "abc123"})
    write(tmp_path / "records" / "photos.parquet", chosen, store, made)
    (one,) = recorded(tmp_path / "records")
    assert (one.name, one.title, one.commit) == ("photos", "Tiny ImageNet, 10,000 pictures", "abc123")
    assert one.date is not None and one.date.isoformat() >= "2025-01-01"
    assert one.record.skipped() == store.skipped()
    assert recorded(tmp_path / "none") == []


def test_every_record_that_ships_can_be_read() -> None:
    for one in recorded():
        assert one.commit and one.date
        assert table(one.record, one.record.conditions()).rows
