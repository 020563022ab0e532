"""SIGKILL at any moment, and on again: the same outcomes, byte for byte, and nothing twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from core.settings import REPOSITORY

PROGRAM = Path(__file__).with_name("killed.py")
PLAN = ("--data", "noise", "--networks", "squeezenet", "--formats", "fp32,fixed8,int8", "--json")
PATIENCE_S = 300


class Machine:
    """A cache folder, and processes that sweep with it. 110 MB of values hold batches of nine pictures or so."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.store, self.runs = folder / "jobs.sqlite", folder / "runs"
        self._environment = os.environ | {
            "BITLENS_CACHE": str(folder),
            "BITLENS_BATCH_MB": "110",
            "OMP_NUM_THREADS": "1",
            "RUNS": str(self.runs),
            "PYTHONPATH": str(REPOSITORY),
        }

    def start(self, *arguments: str, kill_in_batch: int = 0) -> subprocess.Popen[str]:
        environment = self._environment | {"KILL_IN_BATCH": str(kill_in_batch)}
        command = [sys.executable, str(PROGRAM), *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=pipe, stderr=pipe, text=True)

    def document(self, *arguments: str) -> dict[str, Any]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, err
        return dict(json.loads(out))

    def query(self, text: str) -> list[Any]:
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as sql:
            return sql.execute(text).fetchall()

    def finished(self) -> int:
        try:
            return int(self.query("SELECT COUNT(*) FROM sweep_batches")[0][0])
        except sqlite3.OperationalError:
            return 0

    def outcomes(self) -> list[Any]:
        """All that is stored of the answers; SQLite keeps a float's 64 bits."""
        columns = "variant, picture, truth, rank, prediction, hex(score), hex(probability), score, probability"
        return self.query(f"SELECT {columns} FROM sweep_outcomes ORDER BY variant, picture")


def _kill_after(machine: Machine, process: subprocess.Popen[str], batches: int) -> None:
    """From outside, whatever it is doing just then."""
    deadline = time.monotonic() + PATIENCE_S
    while machine.finished() < batches:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def _without_speed(found: dict[str, Any]) -> bytes:
    rows = [{key: value for key, value in row.items() if key != "images_per_second"} for row in found["results"]]
    return json.dumps(rows).encode()


@pytest.mark.slow
def test_killed_three_times_the_results_are_the_same(tmp_path: Path) -> None:
    whole, parts = Machine(tmp_path / "whole"), Machine(tmp_path / "parts")
    expected = whole.document(*PLAN)
    total = whole.finished()
    assert total >= 12

    process = parts.start(*PLAN)
    _kill_after(parts, process, 2)
    first = parts.finished()
    assert 2 <= first < total
    ((job,),) = parts.query("SELECT id FROM jobs")

    process = parts.start("--resume", job, kill_in_batch=3)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGKILL
    assert parts.finished() == first + 2  # the third was rolled back
    assert parts.query("SELECT state FROM jobs") == [("running",)]

    process = parts.start("--resume", job, kill_in_batch=1)
    process.communicate(timeout=PATIENCE_S)
    assert parts.finished() == first + 2

    found = parts.document("--resume", job, "--json")
    assert parts.outcomes() == whole.outcomes()
    assert _without_speed(found) == _without_speed(expected)
    assert found["data"] == expected["data"] and len(found["data"]["skipped"]) == 1
    assert parts.query("SELECT state, progress FROM jobs") == [("done", 1.0)]
    runs = parts.runs.read_text().splitlines()
    # What was running at a kill was not finished, and ran again; nothing else did.
    assert set(runs) == set(whole.runs.read_text().splitlines())
    assert total <= len(runs) <= total + 3
