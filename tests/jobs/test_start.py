from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from core import settings
from core.errors import StoreError
from core.jobs import start
from core.jobs.records import is_alive, new_owner
from core.jobs.start import start_process
from core.jobs.store import JobStore

PROGRAM = """
import os, pathlib, sys
print("a warning", file=sys.stderr)
print("a document")
folder = pathlib.Path(__file__).parent
(folder / "part").write_text(" ".join([os.getcwd(), str(os.getsid(0) == os.getpid()), *sys.argv[1:]]))
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
    process = start_process(job)
    deadline = time.monotonic() + 30
    while is_alive(f"{socket.gethostname()}:{process}:token", time.time()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (tmp_path / "core" / "seen").read_text() == f"{tmp_path} True sweep --resume {job.id}"
    assert (tmp_path / "cache" / "jobs" / f"{job.id}.log").read_text() == "a warning\n"


def test_a_full_disk_is_said_and_the_job_stays_queued(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    job = store.add("sweep", "{}")
    with pytest.raises(StoreError, match=f"The job {job.id} cannot be started: Not a directory"):
        start_process(job)
    assert store.get(job.id).state == "queued"


def test_only_what_stands_still_is_started_again(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(start, "start_process", lambda job: started.append(job.id))
    owner = new_owner()
    ended, running = store.add("sweep", "{}"), store.add("sweep", "{}")
    assert store.claim(ended.id, owner)
    store.finish(ended.id, owner, "failed", StoreError("The disk is full.", "Free some."))
    assert store.claim(running.id, owner)
    store.pause(running.id)
    assert start.go_on(store, running.id).wish == "" and not started
    assert start.go_on(store, ended.id).state == "queued" and started == [ended.id]
