"""SIGKILL in each part of the work, and on again: the same findings, to the last digit."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.settings import REPOSITORY

PROGRAM = Path(__file__).with_name("killed.py")
PLAN = ("--network", "squeezenet", "--data", "noise", "--bits", "2,5", "--limit", "9", "--search", "6", "--json")


def _run(folder: Path, *arguments: str, kill_in: int = 0) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "BITLENS_CACHE": str(folder),
        "KILL_IN_FINDING": str(kill_in),
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, str(PROGRAM), *arguments]
    return subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False
    )


def _found(folder: Path) -> list[Any]:
    with sqlite3.connect(f"file:{folder / 'jobs.sqlite'}?mode=ro", uri=True) as sql:
        return sql.execute("SELECT part, name, found FROM layers_found ORDER BY part, name").fetchall()


@pytest.mark.slow
def test_killed_again_and_again_the_findings_are_the_same(tmp_path: Path) -> None:
    whole = _run(tmp_path / "whole", *PLAN)
    assert whole.returncode == 0, whole.stderr
    parts = tmp_path / "parts"
    assert _run(parts, *PLAN, kill_in=6).returncode == -signal.SIGKILL
    assert len(_found(parts)) == 5  # the sixth was rolled back
    with sqlite3.connect(f"file:{parts / 'jobs.sqlite'}?mode=ro", uri=True) as sql:
        ((job,),) = sql.execute("SELECT id FROM jobs").fetchall()
    known = 5
    for kill_in in (15, 12, 20):
        assert _run(parts, "--resume", job, kill_in=kill_in).returncode == -signal.SIGKILL
        assert len(_found(parts)) > known
        known = len(_found(parts))
    again = _run(parts, "--resume", job, "--json")
    assert again.returncode == 0, again.stderr
    assert _found(parts) == _found(tmp_path / "whole")
    one, other = json.loads(whole.stdout), json.loads(again.stdout)
    assert {key: one[key] for key in one if key != "job"} == {key: other[key] for key in other if key != "job"}
