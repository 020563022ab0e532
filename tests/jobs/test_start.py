from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from core import settings
from core.errors import RequestError, StoreError
from core.jobs import start
from core.jobs.records import is_alive, new_owner
from core.jobs.start import check_room, start_process
from core.jobs.store import JobStore

PROGRAM = """
import os, pathlib, sys
print("a warning", file=sys.stderr)
print("a document")
folder = pathlib.Path(__file__).parent
(folder / "part").write_text(" ".join([os.getcwd(), str(os.getsid(0) == os.getpid()), os.environ["BITLENS_JOB"], *sys.argv[1:]]))
(folder / "part").rename(folder / "seen")
"""


def test_a_process_of_its_own_goes_on_with_the_job(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__main__.py").write_text(PROGRAM)
    monkeypatch.setattr(settings, "REPOSITORY", tmp_path)
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    job = store.add("sweep", "{}")
    process = start_process(store, job)
    deadline = time.monotonic() + 30
    while is_alive(f"{socket.gethostname()}:{process}:token", time.time()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (tmp_path / "core" / "seen").read_text() == f"{tmp_path} True {job.id} sweep --resume {job.id}"
    assert (tmp_path / "cache" / "jobs" / f"{job.id}.log").read_text() == "a warning\n"


def test_a_full_disk_is_said_and_the_job_stays_queued(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    job = store.add("sweep", "{}")
    with pytest.raises(StoreError, match=f"The job {job.id} cannot be started: Not a directory"):
        start_process(store, job)
    assert store.get(job.id).state == "queued"


def test_there_is_room_for_only_so_many_unfinished_jobs(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "MOST_UNFINISHED", 3)
    owner = new_owner()
    ended, paused, waiting = (store.add("sweep", "{}") for _ in range(3))
    assert store.claim(ended.id, owner)
    store.pause(paused.id)
    for more in (1, 2):
        with pytest.raises(RequestError, match="3 jobs are not finished yet, and this server keeps at most 3"):
            check_room(store, more)
    store.finish(ended.id, owner, "done")
    check_room(store)
    with pytest.raises(RequestError, match="2 jobs are not finished yet"):
        check_room(store, 2)
    store.cancel(waiting.id)
    check_room(store, 2)


def test_what_has_ended_goes_on_only_where_there_is_room(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(start, "start_process", lambda jobs, job: started.append(job.id))
    monkeypatch.setattr(start, "MOST_UNFINISHED", 1)
    ended, paused = store.add("sweep", "{}"), store.add("sweep", "{}")
    store.cancel(ended.id)
    store.pause(paused.id)
    with pytest.raises(RequestError, match="not finished yet"):
        start.go_on(store, ended.id)
    start.go_on(store, paused.id)
    assert started == [paused.id] and store.get(ended.id).state == "cancelled"


def test_only_what_stands_still_is_started_again(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(start, "start_process", lambda jobs, job: started.append(job.id))
    owner = new_owner()
    ended, running = store.add("sweep", "{}"), store.add("sweep", "{}")
    assert store.claim(ended.id, owner)
    store.finish(ended.id, owner, "failed", StoreError("The disk is full.", "Free some."))
    assert store.claim(running.id, owner)
    store.pause(running.id)
    assert start.go_on(store, running.id).wish == "" and not started
    assert start.go_on(store, ended.id).state == "queued" and started == [ended.id]
