"""States of jobs, and who may carry one out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import DataError, RequestError, StoreError
from core.jobs.records import DEAD_S, Job, new_owner
from core.jobs.store import JobStore
from core.settings import REPOSITORY


def _stale(store: JobStore, job: str, seconds: float = DEAD_S + 1) -> None:
    with store.database.transaction() as sql:
        sql.execute("UPDATE jobs SET heartbeat = ? WHERE id = ?", (time.time() - seconds, job))


def _claimed(store: JobStore) -> tuple[Job, str]:
    job, owner = store.add("sweep", "{}"), new_owner()
    assert store.claim(job.id, owner)
    return store.get(job.id), owner


def test_a_job_from_its_beginning_to_its_end(store: JobStore) -> None:
    job, owner = store.add("sweep", '{"limit": 5}'), new_owner()
    assert (job.kind, job.plan, job.state, job.progress) == ("sweep", '{"limit": 5}', "queued", 0.0)
    assert not job.attended and job.seconds is None
    assert store.claim(job.id, owner)
    with store.database.transaction() as sql:
        store.advance(sql, job.id, owner, 0.25)
    running = store.get(job.id)
    assert (running.state, running.progress, running.owner) == ("running", 0.25, owner)
    assert running.attended and (running.seconds or 0) >= 0
    store.finish(job.id, owner, "done")
    done = store.get(job.id)
    assert (done.state, done.progress, done.error, done.attended) == ("done", 1.0, None, False)
    assert (done.ended or 0) >= (done.started or 0) >= done.created > 0
    assert store.jobs() == [done] and store.jobs("sweep") == [done] and store.jobs("retrain") == []


def test_the_newest_job_is_first(store: JobStore) -> None:
    names = [store.add("sweep", "{}").id for _ in range(5)]
    assert [job.id for job in store.jobs()] == names[::-1]
    assert [job.id for job in store.jobs(most=2)] == names[:2:-1]


def test_what_jobs_name_is_known_but_for_those_that_went_wrong(store: JobStore) -> None:
    store.add("retrain", '{"data": "a.zip", "weights": "own.pth", "network": "vgg16"}')
    swept = store.add("sweep", '{"data": "b.zip", "weights": ["signs", "other.pth"]}')
    store.add("sweep", "no plan")
    for name, end in (("c.zip", "failed"), ("d.zip", "cancelled"), ("e.zip", "done"), ("f.zip", "paused")):
        job = store.add("layers", f'{{"data": "{name}"}}')
        with store.database.transaction() as sql:
            sql.execute("UPDATE jobs SET state = ? WHERE id = ?", (end, job.id))
    assert store.named() == {"a.zip", "own.pth", "b.zip", "signs", "other.pth", "e.zip", "f.zip"}
    store.cancel(swept.id)
    assert store.named() == {"a.zip", "own.pth", "e.zip", "f.zip"}


def test_an_error_is_kept_with_its_remedy(store: JobStore) -> None:
    job, owner = _claimed(store)
    store.finish(job.id, owner, "failed", DataError("The folder is gone.", "Bring it back."))
    assert store.get(job.id).error == {"kind": "data", "message": "The folder is gone.", "remedy": "Bring it back."}
    again = store.retry(job.id)
    assert (again.state, again.error, again.ended, again.started) == ("queued", None, None, job.started)


def test_one_job_runs_at_a_time_and_the_older_goes_first(store: JobStore) -> None:
    first, owner = _claimed(store)
    second, third = store.add("retrain", "{}"), store.add("sweep", "{}")
    assert not store.claim(third.id, new_owner())
    assert not store.claim(second.id, new_owner())
    store.finish(first.id, owner, "done")
    assert not store.claim(third.id, new_owner())  # a live process waits with the second
    assert store.claim(second.id, new_owner())


def test_an_older_job_without_a_process_stops_nobody(store: JobStore) -> None:
    left, mine = store.add("sweep", "{}"), store.add("sweep", "{}")
    assert store.claim(mine.id, new_owner())
    assert not store.claim(left.id, new_owner())


def test_an_older_job_whose_process_still_loads_goes_first(store: JobStore) -> None:
    older, younger = store.add("retrain", "{}"), store.add("retrain", "{}")
    for job in (older, younger):
        store.expect(job.id, os.getpid())
        assert store.get(job.id).attended and store.get(job.id).state == "queued"
    assert not store.claim(younger.id, new_owner())
    assert store.claim(older.id, (owner := new_owner()))
    store.expect(older.id, os.getpid())  # said late, when it has begun
    assert store.get(older.id).owner == owner


def test_an_older_job_whose_process_died_while_it_loaded_stops_nobody(store: JobStore) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    older, younger = store.add("retrain", "{}"), store.add("retrain", "{}")
    store.expect(older.id, gone.pid)
    assert store.claim(younger.id, new_owner())


def test_a_job_belongs_to_one_process(store: JobStore) -> None:
    job, _ = _claimed(store)
    with pytest.raises(RequestError, match=f"Another process carries out the job {job.id}."):
        store.claim(job.id, new_owner())


def test_a_silent_process_loses_its_job(store: JobStore) -> None:
    job, owner = _claimed(store)
    _stale(store, job.id, DEAD_S - 5)
    assert store.get(job.id).attended
    _stale(store, job.id)
    assert not store.get(job.id).attended
    other = new_owner()
    assert store.claim(job.id, other)
    for late in (
        lambda: store.beat(job.id, owner),
        lambda: store.finish(job.id, owner, "done"),
    ):
        with pytest.raises(StoreError, match="is no longer this process's."):
            late()
    assert store.beat(job.id, other) == ""


def test_a_process_of_this_machine_that_is_gone_is_dead_at_once(store: JobStore) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    job = store.add("sweep", "{}")
    assert store.claim(job.id, f"{socket.gethostname()}:{gone.pid}:token")
    assert not store.get(job.id).attended
    assert store.claim(job.id, new_owner())


def test_a_process_of_another_machine_is_known_by_its_heartbeat_alone(store: JobStore) -> None:
    job = store.add("sweep", "{}")
    assert store.claim(job.id, "elsewhere:1:token")
    assert store.get(job.id).attended
    _stale(store, job.id)
    assert not store.get(job.id).attended


def test_wishes_reach_the_process_and_can_be_taken_back(store: JobStore) -> None:
    job, owner = _claimed(store)
    assert store.pause(job.id).state == "running"
    assert store.beat(job.id, owner) == "pause"
    assert store.resume(job.id).wish == ""
    assert store.cancel(job.id).wish == "cancel"
    assert store.resume(job.id).wish == "cancel"
    assert store.beat(job.id, owner) == "cancel"
    store.finish(job.id, owner, "cancelled")
    assert (store.get(job.id).state, store.get(job.id).wish) == ("cancelled", "")


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ("pause", "paused"),
        ("cancel", "cancelled"),
        ("pause cancel", "cancelled"),
        ("pause resume", "queued"),
        ("cancel pause", "cancelled"),
        ("cancel resume", "cancelled"),
        ("cancel retry", "queued"),
        ("pause retry", "paused"),
        ("resume", "queued"),
        ("retry", "queued"),
    ],
)
def test_a_job_that_nobody_runs_changes_at_once(store: JobStore, steps: str, state: str) -> None:
    job = store.add("sweep", "{}")
    for step in steps.split():
        getattr(store, step)(job.id)
    assert store.get(job.id).state == state
    assert (store.get(job.id).ended is None) == (state != "cancelled")


@pytest.mark.parametrize(
    ("step", "state"), [("pause", "paused"), ("cancel", "cancelled"), ("resume", "queued"), ("retry", "running")]
)
def test_a_job_whose_process_died_can_be_stopped_or_queued(store: JobStore, step: str, state: str) -> None:
    job, _ = _claimed(store)
    _stale(store, job.id)
    assert getattr(store, step)(job.id).state == state


def test_what_has_ended_stays(store: JobStore) -> None:
    job, owner = _claimed(store)
    store.finish(job.id, owner, "done")
    for step in (store.cancel, store.pause, store.resume, store.retry):
        assert step(job.id).state == "done"
    with pytest.raises(RequestError, match=f"The job {job.id} is done."):
        store.claim(job.id, new_owner())


def test_an_unknown_job(store: JobStore) -> None:
    with pytest.raises(RequestError, match="There is no job named 'none'. Give the name that was printed"):
        store.get("none")


CLAIMER = """
import sys, time
from pathlib import Path
from core.errors import RequestError
from core.jobs.database import Database
from core.jobs.records import new_owner
from core.jobs.store import JobStore

store, owner, go = JobStore(Database(Path(sys.argv[1]))), new_owner(), Path(sys.argv[2])
print("ready", flush=True)
while not go.exists():
    time.sleep(0.001)
for name in sys.argv[3:]:
    try:
        while not store.claim(name, owner):
            time.sleep(0.001)
    except RequestError:
        continue
    running = [job.id for job in store.jobs() if job.state == "running"]
    store.finish(name, owner, "done")
    print(name if running == [name] else f"{name} beside {running}", flush=True)
"""


def test_two_processes_that_claim_at_once(store: JobStore, tmp_path: Path) -> None:
    """Each job is carried out by exactly one of them, and never two at a time."""
    names = [store.add("sweep", "{}").id for _ in range(40)]
    command = [sys.executable, "-c", CLAIMER, str(store.database.path), str(tmp_path / "go"), *names]
    processes = [subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    (tmp_path / "go").touch()
    claimed = [process.communicate(timeout=60)[0].split("\n")[:-1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(claimed[0] + claimed[1]) == sorted(names)
    assert {job.state for job in store.jobs()} == {"done"}
