from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import StoreError
from core.jobs.database import Database
from core.jobs.records import Job
from core.jobs.store import JobStore
from core.quantization.options import budget
from core.retraining import launch as module
from core.retraining.launch import launch
from core.retraining.plan import RetrainPlan


@pytest.mark.parametrize("count", [0, 1])
def test_where_one_process_cannot_be_started_no_job_is_left_to_wait(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The retraining's own, or its control's."""
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    jobs, started = JobStore(Database(tmp_path / "jobs.sqlite")), list[Job]()

    def start(jobs: JobStore, job: Job) -> None:
        if len(started) == count:
            raise StoreError(f"The job {job.id} cannot be started: Too many open files", "See to it.")
        started.append(job)

    monkeypatch.setattr(module, "start_process", start)
    with pytest.raises(StoreError, match="Too many open files"):
        launch(jobs, "squeezenet", "signs", "fixed4", budget("signs"), "signs", control=True)
    assert [RetrainPlan.from_json(job.plan).format for job in jobs.jobs()] == ["fp32", "fixed4"]
    assert {job.state for job in jobs.jobs()} == {"cancelled"}
