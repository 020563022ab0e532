"""A plan carried out with networks made by hand, in one piece and in many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.datasets.survey import Unreadable
from core.errors import DataError, RequestError, StoreError
from core.jobs.records import new_owner
from core.sweeps import begin as beginning
from core.sweeps import carry_out as module
from core.sweeps.carry_out import carry_out
from core.sweeps.plan import Plan
from core.sweeps.store import SweepStore
from tests.sweeps.fakes import ANSWERS, WIDTH, FakeNetworks, FakeSet, begun, plan

Dump = dict[str, list[tuple[object, ...]]]
STORED = {
    "sweep_outcomes": "SELECT * FROM sweep_outcomes ORDER BY variant, picture",
    "sweep_batches": "SELECT variant, batch, images FROM sweep_batches ORDER BY variant, batch",
    "sweep_unreadable": "SELECT picture, title, reason FROM sweep_unreadable ORDER BY picture",
}


def _small_batches(monkeypatch: pytest.MonkeyPatch, size: int = 6) -> None:
    monkeypatch.setattr(beginning, "batch_size", lambda graphs: size)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    _small_batches(monkeypatch)


def _dump(store: SweepStore) -> Dump:
    with store.jobs.database.transaction(write=False) as sql:
        found = {name: sql.execute(query).fetchall() for name, query in STORED.items()}
    return {name: [row[1:] if name == "sweep_outcomes" else row for row in rows] for name, rows in found.items()}


def test_every_picture_is_read_once_and_run_in_every_variant(tmp_path: Path) -> None:
    chosen = plan(networks=("squeezenet", "vgg16"), formats=("fp32", "fixed8", "bf16"))
    data, networks, told = FakeSet(20), FakeNetworks(), []
    store = begun(tmp_path, chosen)
    carry_out(chosen, store, data, networks, report=lambda done, total: told.append((done, total)))
    assert data.read == dict.fromkeys(range(20), 1)
    assert len(networks.runs) == 6 * 4
    assert [size for network, name, size in networks.runs if (network, name) == ("vgg16", "bf16")] == [6, 6, 6, 2]
    assert told[0] == (0, 120) and told[-1] == (120, 120) and len(told) == 25
    fp32, fixed8 = store.outcomes(0), store.outcomes(1)
    assert fp32.pictures.tolist() == list(range(20))
    assert fp32.truth.tolist() == [index % 5 for index in range(20)]
    assert fp32.right.all()
    assert [index for index in range(20) if not fixed8.right[index]] == [0, 4, 8, 12, 16]
    assert (
        fixed8.prediction[4] == 5 and fixed8.rank[4] == 5 + 1
    )  # the zeros before its class, in the order of the classes
    assert store.jobs.get(store.job).progress == 1.0


def test_a_limit_takes_the_pictures_that_the_seed_draws(tmp_path: Path) -> None:
    chosen = plan(limit=8, seed=0)
    data, store = FakeSet(100), begun(tmp_path, chosen)
    carry_out(chosen, store, data, FakeNetworks())
    assert store.outcomes(0).pictures.tolist() == [15, 36, 44, 46, 74, 76, 87, 99]
    assert sorted(data.read) == [15, 36, 44, 46, 74, 76, 87, 99]


class Stopped(Exception):
    """In place of whatever ends a process."""


@pytest.mark.parametrize("after", [1, 2, 3, 5, 7])
def test_a_sweep_that_is_stopped_goes_on_where_it_was(tmp_path: Path, after: int) -> None:
    chosen = plan(networks=("squeezenet", "vgg16"))
    whole = begun(tmp_path / "whole", chosen)
    carry_out(chosen, whole, FakeSet(broken=[3, 9]), FakeNetworks())
    parts = begun(tmp_path / "parts", chosen)
    runs, stops = [], 0
    while True:
        networks = FakeNetworks()
        try:
            carry_out(chosen, parts, FakeSet(broken=[3, 9]), networks, check=_stop_after(after))
        except Stopped:
            stops += 1
            runs += networks.runs
            continue
        runs += networks.runs
        break
    assert stops == 4 * 4 // after
    assert len(runs) == 4 * 4  # no batch of any variant twice
    assert _dump(parts) == _dump(whole)


def _stop_after(count: int) -> Callable[[], None]:
    calls = iter(range(count - 1))

    def check() -> None:
        if next(calls, None) is None:
            raise Stopped

    return check


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = plan()
    store = begun(tmp_path, chosen)
    real = store.jobs.advance
    calls = iter([real, real])

    def advance(*arguments: object) -> None:
        """Fails for the third batch, once its outcomes are about to be written."""
        next(calls)(*arguments)

    monkeypatch.setattr(store.jobs, "advance", advance)
    with pytest.raises(StopIteration):
        carry_out(chosen, store, FakeSet(), FakeNetworks())
    assert [(one.variant, one.batch) for one in store.finished()] == [(0, 0), (1, 0)]
    assert len(store.outcomes(0)) == len(store.outcomes(1)) == 6


def test_networks_that_do_not_fit_together_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = plan(networks=("squeezenet", "vgg16"))
    whole, tight = begun(tmp_path / "whole", chosen), begun(tmp_path / "tight", chosen)
    carry_out(chosen, whole, FakeSet(), FakeNetworks())
    monkeypatch.setattr(module, "MANY", 3)
    data, networks = FakeSet(), FakeNetworks(held_bytes=600_000_000)
    carry_out(chosen, tight, data, networks)
    assert _dump(tight) == _dump(whole)
    assert data.read == dict.fromkeys(range(20), 1)
    order = [(network, name) for network, name, _ in networks.runs]
    assert order[:3] == [("squeezenet", "fp32")] * 3 and order[3:6] == [("squeezenet", "fixed8")] * 3


def test_unreadable_pictures_are_counted_named_and_skipped(tmp_path: Path) -> None:
    chosen = plan()
    store = begun(tmp_path, chosen)
    carry_out(chosen, store, FakeSet(20, broken=[0, 1, 2, 3, 4, 5, 13]), FakeNetworks())
    assert [one.index for one in store.skipped()] == [0, 1, 2, 3, 4, 5, 13]
    assert store.skipped()[-1] == Unreadable(13, "13.png", "13.png cannot be decoded. Save it again.")
    assert store.outcomes(0).pictures.tolist() == [*range(6, 13), *range(14, 20)]
    assert [one.images for one in store.finished() if one.variant == 0] == [0, 6, 5, 2]
    assert store.outcomes(0).right.all()


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    chosen = plan()
    with pytest.raises(DataError, match="None of the pictures can be read."):
        carry_out(chosen, begun(tmp_path, chosen), FakeSet(4, broken=range(4)), FakeNetworks())


def test_an_empty_set(tmp_path: Path) -> None:
    chosen = plan()
    with pytest.raises(RequestError, match="The data set is empty."):
        carry_out(chosen, begun(tmp_path, chosen), FakeSet(0), FakeNetworks())


def test_a_variant_that_cannot_be_run_stops_no_other(tmp_path: Path) -> None:
    chosen = plan(formats=("fp32", "fp16", "fixed8"))
    networks, store = FakeNetworks(), begun(tmp_path, chosen)
    carry_out(chosen, store, FakeSet(), networks)
    assert [name for _, name, _ in networks.runs].count("fp16") == 2  # picture 7 is in the second batch
    assert store.failures().keys() == {1}
    assert store.failures()[1]["message"].startswith("Values inside this network are too large for FP16")
    assert len(store.outcomes(0)) == len(store.outcomes(2)) == 20
    again = FakeNetworks()
    carry_out(chosen, store, FakeSet(), again)
    assert again.runs == []


def test_a_set_without_labels(tmp_path: Path) -> None:
    chosen = plan()
    store = begun(tmp_path, chosen)
    carry_out(chosen, store, FakeSet(labelled=False), FakeNetworks())
    found = store.outcomes(1)
    assert not found.labelled.any() and found.prediction.tolist()[:6] == [1, 1, 2, 3, 5, 0]


def test_classes_of_other_names(tmp_path: Path) -> None:
    chosen = plan()
    names = ("n01443537", "FIRE_Salamander", "a lamp nobody knows", "European fire salamander 2", "bullfrog")
    store = begun(tmp_path, chosen)
    carry_out(chosen, store, FakeSet(classes=names), FakeNetworks())
    conditions = store.conditions()
    assert conditions is not None
    assert conditions.unmatched["photos"] == ("a lamp nobody knows", "European fire salamander 2")
    assert store.outcomes(0).truth.tolist()[:5] == [0, 1, -1, -1, 2]
    with pytest.raises(DataError, match="None of the set's 2 classes is one that the network tells apart.*: one, two."):
        carry_out(chosen, begun(tmp_path / "other", chosen), FakeSet(classes=("one", "two")), FakeNetworks())


def test_threads_are_those_that_it_was_begun_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, before = plan(), torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    store, networks = begun(tmp_path, chosen), FakeNetworks()
    with pytest.raises(Stopped):
        carry_out(chosen, store, FakeSet(), networks, check=_stop_after(1))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    carry_out(chosen, store, FakeSet(), networks)
    assert networks.threads == {3}
    assert torch.get_num_threads() == before


def _half(chosen: Plan, path: Path) -> SweepStore:
    store = begun(path, chosen)
    with pytest.raises(Stopped):
        carry_out(chosen, store, FakeSet(), FakeNetworks(), check=_stop_after(3))
    return store


def test_other_pictures_cannot_be_gone_on_with(tmp_path: Path) -> None:
    store = _half(plan(), tmp_path)
    with pytest.raises(RequestError, match="Since this sweep was begun, the data set has changed"):
        carry_out(plan(), store, FakeSet(fingerprint="of another set"), FakeNetworks())
    with pytest.raises(RequestError, match="the data set has changed"):
        carry_out(plan(), store, FakeSet(21), FakeNetworks())


def test_other_weights_cannot_be_gone_on_with(tmp_path: Path) -> None:
    store, networks = _half(plan(), tmp_path), FakeNetworks()
    networks.weights_sha256 = "of other weights"
    with pytest.raises(
        RequestError, match="SqueezeNet FP32, SqueezeNet FIXED-8 has changed: its results would be of two"
    ):
        carry_out(plan(), store, FakeSet(), networks)


def test_another_torch_cannot_be_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = _half(plan(), tmp_path)
    monkeypatch.setattr(beginning, "version", lambda package: "99.0")
    with pytest.raises(RequestError, match=r"torch \(2.* then, 99.0 now\) has changed"):
        carry_out(plan(), store, FakeSet(), FakeNetworks())


def test_a_process_that_lost_the_job_writes_nothing(tmp_path: Path) -> None:
    chosen = plan()
    store = begun(tmp_path, chosen)
    late = SweepStore(store.jobs, store.job, new_owner())
    with pytest.raises(StoreError, match="is no longer this process's"):
        carry_out(chosen, late, FakeSet(), FakeNetworks())
    assert len(store.outcomes(0)) == 0


def test_a_full_disk_loses_nothing_that_was_finished(tmp_path: Path) -> None:
    chosen = plan(formats=("fp32", "fixed8", "bf16"))
    whole, store = begun(tmp_path / "whole", chosen), begun(tmp_path / "full", chosen)
    carry_out(chosen, whole, FakeSet(200), FakeNetworks())
    sql = store.jobs.database._connection
    (pages,) = sql.execute("PRAGMA page_count").fetchone()
    sql.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="the disk is full. What was finished before is kept."):
        carry_out(chosen, store, FakeSet(200), FakeNetworks())
    kept = len(store.finished())
    assert 0 < kept < 3 * 34
    sql.execute("PRAGMA max_page_count = 100000")
    networks = FakeNetworks()
    carry_out(chosen, store, FakeSet(200), networks)
    assert len(networks.runs) == 3 * 34 - kept
    assert _dump(store) == _dump(whole)


def test_constant_scores_on_a_balanced_set(tmp_path: Path) -> None:
    chosen = plan(formats=("fixed4",))
    store = begun(tmp_path, chosen)
    carry_out(chosen, store, FakeSet(50), FakeNetworks())
    found = store.outcomes(0)
    assert found.right.mean() == 1 / 5
    assert found.score.tolist() == pytest.approx([1 / WIDTH] * 50)
    assert ANSWERS["fixed4"](0, 0) == [0.0] * WIDTH
