from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from core import settings
from core.cli import main as cli
from core.errors import Cancelled, DataError, Paused, StoreError
from core.jobs import work as module
from core.jobs.database import Database
from core.jobs.records import new_owner
from core.jobs.start import STARTED
from core.jobs.store import JobStore, shared_jobs
from core.jobs.work import await_turn, carried_out

PATIENCE_S = 30


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_S", 0.01)
    monkeypatch.setattr(module, "POLL_S", 0.01)


def _carried_out_until_raised(store: JobStore, job: str, meanwhile: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    with carried_out(store, job) as work:
        meanwhile()
        while time.monotonic() < deadline:
            work.check()
            time.sleep(0.005)
    pytest.fail("nothing was raised")


def test_work_that_ends_well_is_done_and_its_heart_beat(store: JobStore) -> None:
    job = store.add("sweep", "{}")
    with carried_out(store, job.id) as work:
        first = store.get(job.id).heartbeat or 0.0
        assert store.get(job.id).attended
        deadline = time.monotonic() + PATIENCE_S
        while (store.get(job.id).heartbeat or 0.0) == first:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        work.check()
    assert store.get(job.id).state == "done"
    assert not [thread for thread in threading.enumerate() if thread.name == f"bitlens-heart-{job.id}"]


@pytest.mark.parametrize(
    ("error", "state", "message"),
    [
        (DataError("The folder is gone.", "Bring it back."), "failed", "The folder is gone."),
        (ZeroDivisionError("by zero"), "failed", "Something unexpected went wrong (ZeroDivisionError: by zero)."),
        (Cancelled("Stopped.", ""), "cancelled", None),
        (Paused("Stopped.", ""), "paused", None),
        (KeyboardInterrupt(), "paused", None),
    ],
)
def test_how_it_ended_is_recorded_and_raised(
    store: JobStore, error: BaseException, state: str, message: str | None
) -> None:
    job = store.add("sweep", "{}")
    with pytest.raises(type(error)), carried_out(store, job.id):
        raise error
    found = store.get(job.id)
    assert found.state == state
    assert (found.error or {}).get("message") == message


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (JobStore.cancel, Cancelled, "was cancelled. What it finished is kept: python -m core sweep --resume"),
        (JobStore.pause, Paused, "was paused. Go on with it: python -m core sweep --resume"),
    ],
)
def test_a_wish_is_heard(
    store: JobStore, ask: Callable[[JobStore, str], object], error: type[Exception], words: str
) -> None:
    job = store.add("sweep", "{}")
    with pytest.raises(error, match=words):
        _carried_out_until_raised(store, job.id, lambda: ask(store, job.id))
    assert store.get(job.id).state == ("paused" if error is Paused else "cancelled")


def test_a_process_that_lost_its_job_hears_it_and_changes_nothing(store: JobStore) -> None:
    job = store.add("sweep", "{}")
    other = new_owner()

    def take_over() -> None:
        with store.database.transaction() as sql:
            sql.execute("UPDATE jobs SET owner = ? WHERE id = ?", (other, job.id))

    with pytest.raises(StoreError, match="no longer this process's"):
        _carried_out_until_raised(store, job.id, take_over)
    assert (store.get(job.id).state, store.get(job.id).owner) == ("running", other)


def test_a_lock_in_between_stops_nothing(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    job, beats = store.add("sweep", "{}"), []
    real = store.beat

    def beat(name: str, owner: str) -> str:
        beats.append(name)
        if len(beats) < 3:
            raise StoreError("The store is held by another program.", "")
        return real(name, owner)

    monkeypatch.setattr(store, "beat", beat)
    with carried_out(store, job.id) as work:
        deadline = time.monotonic() + PATIENCE_S
        while len(beats) < 5:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        work.check()
    assert store.get(job.id).state == "done"


def test_a_second_job_waits_for_the_first(store: JobStore) -> None:
    first, second = store.add("sweep", "{}"), store.add("sweep", "{}")
    told, order = threading.Event(), []

    def carry_out_second() -> None:
        with carried_out(store, second.id, told.set):
            order.append("second")

    with carried_out(store, first.id):
        thread = threading.Thread(target=carry_out_second)
        thread.start()
        assert told.wait(PATIENCE_S)
        assert store.get(second.id).attended
        order.append("first")
    thread.join(PATIENCE_S)
    assert order == ["first", "second"]
    assert {job.state for job in store.jobs()} == {"done"}


@pytest.mark.skipif(sys.platform != "linux", reason="a process's files are listed under /proc")
def test_a_process_that_waits_is_small_and_hears_that_its_job_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path))
    store = JobStore(Database(tmp_path / "jobs.sqlite"))
    first, job = store.add("sweep", "{}"), store.add("sweep", "{}")
    assert store.claim(first.id, new_owner())
    command = [sys.executable, "-m", "core", "sweep", "--resume", job.id]
    with subprocess.Popen(command, cwd=settings.REPOSITORY, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "bitlens: Another job is running: this one waits.\n"
        assert store.get(job.id).attended
        assert "torch" not in Path(f"/proc/{process.pid}/maps").read_text()
        store.cancel(job.id)
        assert process.stderr.read().startswith(f"bitlens: The job {job.id} is cancelled.")
    assert process.returncode == 2 and store.get(job.id).state == "cancelled"
    store.database.close()


@pytest.mark.parametrize("when", ["before the process looks", "while it imports"])
def test_a_job_that_is_cancelled_while_its_process_starts_stays_so(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path))
    shared_jobs.cache_clear()
    job = shared_jobs().add("sweep", "{}")
    parser = cli._parser

    def imported(arguments: Sequence[str]) -> argparse.ArgumentParser:
        shared_jobs().cancel(job.id)
        return parser(arguments)

    if when == "while it imports":
        monkeypatch.setattr(cli, "_parser", imported)
    else:
        shared_jobs().cancel(job.id)
    monkeypatch.setenv(STARTED, job.id)
    assert cli.main(["sweep", "--resume", job.id]) == 2
    assert shared_jobs().get(job.id).state == "cancelled" and "is cancelled" in capsys.readouterr().err
    monkeypatch.undo()
    shared_jobs.cache_clear()


def test_a_turn_that_has_come_is_not_taken_by_who_waits(store: JobStore) -> None:
    first, second = store.add("sweep", "{}"), store.add("sweep", "{}")
    owner = new_owner()
    assert store.claim(first.id, owner)
    told: list[str] = []

    def waiting() -> None:
        told.append(store.get(second.id).state)
        store.finish(first.id, owner, "done")

    await_turn(store, second.id, waiting)
    found = store.get(second.id)
    assert told == ["queued"] and (found.state, found.started, found.attended) == ("queued", None, True)
    with carried_out(store, second.id):
        assert store.get(second.id).state == "running"
