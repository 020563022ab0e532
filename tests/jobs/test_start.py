from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from core import settings
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
    os.waitpid(process, 0)
    deadline = time.monotonic() + 30
    while not (tmp_path / "core" / "seen").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (tmp_path / "core" / "seen").read_text() == f"{tmp_path} True sweep --resume {job.id}"
    assert (tmp_path / "cache" / "jobs" / f"{job.id}.log").read_text() == "a warning\n"
