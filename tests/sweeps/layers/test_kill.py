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


KILLS = (
    *(("sensitivity", 0), ("sensitivity", 5), ("search", 0), ("path", 0), ("search", 8), ("path", 3)),
    *(("points", 0), ("scored", 0), ("scored", 10)),
)


def _run(folder: Path, *arguments: str, kill_in: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "BITLENS_CACHE": str(folder),
        "KILL_IN": kill_in,
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
    """In the first finding of each part and in one amid it; the points of the front are one finding, all or none."""
    whole = _run(tmp_path / "whole", *PLAN)
    assert whole.returncode == 0, whole.stderr
    all_found, parts, again = _found(tmp_path / "whole"), tmp_path / "parts", PLAN
    for part, there in KILLS:
        assert _run(parts, *again, kill_in=f"{part}:{there}").returncode == -signal.SIGKILL
        found = [name for own, name, _ in _found(parts) if own == part]
        assert len(found) == there < len([name for own, name, _ in all_found if own == part])
        with sqlite3.connect(f"file:{parts / 'jobs.sqlite'}?mode=ro", uri=True) as sql:
            ((job,),) = sql.execute("SELECT id FROM jobs").fetchall()
        again = ("--resume", job, "--json")
    end = _run(parts, *again)
    assert end.returncode == 0, end.stderr
    assert _found(parts) == all_found
    one, other = json.loads(whole.stdout), json.loads(end.stdout)
    assert {key: one[key] for key in one if key != "job"} == {key: other[key] for key in other if key != "job"}
