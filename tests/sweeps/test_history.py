from __future__ import annotations

from pathlib import Path

import pytest

from core.datasets.imagenette import NAMES
from core.datasets.signs.signs_set import SignsSet
from core.errors import DataError, StoreError
from core.jobs.records import Job
from core.jobs.store import JobStore
from core.sweeps import launch
from core.sweeps.carry_out import carry_out
from core.sweeps.history import standing, title
from core.sweeps.launch import fitting
from core.sweeps.plan import Plan
from tests.sweeps.fakes import FakeNetworks, FakeSet, begun, plan


def job_of(chosen: Plan, tmp_path: Path) -> Job:
    store = begun(tmp_path, chosen)
    return store.jobs.get(store.job)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (plan(data="signs:60:0"), "signs:60:0, SqueezeNet, FP32 and FIXED-8"),
        (plan(data="/pictures/pets.zip", formats=("fp32", "bf16", "int8")), "pets.zip, SqueezeNet, 3 formats"),
        (
            plan(formats=("fp32", "fixed5"), regimes=("raw", "retrain")),
            "fake, SqueezeNet, FP32 and FIXED-5, RAW and RE-TRAIN",
        ),
        (plan(formats=("fixed5",), regimes=("retrain",)), "fake, SqueezeNet, FP32 and FIXED-5, RE-TRAIN"),
        (plan(networks=("vgg16", "squeezenet"), formats=("fp32",)), "fake, 2 networks, FP32"),
    ],
)
def test_a_sweep_is_called_by_what_it_is_about(chosen: Plan, said: str, tmp_path: Path) -> None:
    assert title(job_of(chosen, tmp_path)) == said


def test_a_table_is_worked_out_anew_only_where_something_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = begun(tmp_path, plan())
    job = store.jobs.get(store.job)
    assert standing(store.jobs, job).found is None

    class EnoughError(Exception):
        pass

    def stop() -> None:
        raise EnoughError

    monkeypatch.setattr("core.sweeps.begin.batch_size", lambda graphs: 6)
    with pytest.raises(EnoughError):
        carry_out(plan(), store, FakeSet(20), FakeNetworks(), stop)
    first, again = (standing(store.jobs, job).found for _ in range(2))
    assert first is not None and first is again and first.table is first.table
    carry_out(plan(), store, FakeSet(20), FakeNetworks())
    whole = standing(store.jobs, job)
    assert whole.found is not None and whole.found is not first
    assert [row.images for row in whole.found.table.rows] == [20, 20]
    assert whole.remaining_s == 0


def test_the_weights_that_fit_a_set_are_those_that_know_a_class_of_it() -> None:
    assert fitting(SignsSet.classes, SignsSet.synsets) == ["signs"]
    assert "imagenet" in fitting(tuple(NAMES.values()), tuple(NAMES)) and "signs" not in fitting(
        tuple(NAMES.values()), tuple(NAMES)
    )


def test_a_job_that_is_launched_is_checked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Job] = []
    monkeypatch.setattr(launch, "start_process", lambda jobs, job: started.append(job))
    jobs = begun(tmp_path, plan()).jobs
    job = launch.launch(jobs, plan(data="signs:5", weights=("signs",)))
    assert started == [job] and Plan.from_json(job.plan).data == "signs:5"
    with pytest.raises(DataError, match="None of the set's 60 classes"):
        launch.launch(jobs, plan(data="signs:5", weights=("photos",)))
    assert len(jobs.jobs()) == 2


def test_a_job_whose_process_cannot_be_started_does_not_wait_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(jobs: JobStore, job: Job) -> None:
        raise StoreError(f"The job {job.id} cannot be started: No space left on device", "See to it.")

    monkeypatch.setattr(launch, "start_process", refused)
    jobs = begun(tmp_path, plan()).jobs
    with pytest.raises(StoreError, match="No space left"):
        launch.launch(jobs, plan(data="signs:5", weights=("signs",)))
    assert jobs.jobs()[0].state == "cancelled"
