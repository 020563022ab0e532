"""A retraining's process is killed, as by a power cut, and begun again: the same file, and nothing of the first is left over."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.settings import REPOSITORY

OPTIONS = (
    "--network",
    "squeezenet",
    "--weights",
    "signs",
    "--format",
    "fixed4",
    "--data",
    "signs:64",
    "--scored",
    "20",
)
SMALL = ("--epochs", "1", "--steps", "8", "--batch", "8", "--json")
PATIENCE_S = 300


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {"BITLENS_CACHE": str(folder), "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "core", "retrain", *arguments]
    return subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=pipe, stderr=pipe, text=True)


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    return out


def query(folder: Path, text: str) -> list[tuple[object, ...]]:
    try:
        with sqlite3.connect(f"file:{folder / 'jobs.sqlite'}?mode=ro", uri=True) as sql:
            return sql.execute(text).fetchall()
    except sqlite3.OperationalError:
        return []


def made(folder: Path) -> bytes:
    (file,) = (folder / "retrained").glob("*.safetensors")
    return file.read_bytes()


@pytest.mark.slow
def test_killed_and_begun_again_it_comes_out_the_same(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    finish(start(whole, *OPTIONS, *SMALL))
    process, deadline = start(parts, *OPTIONS, *SMALL), time.monotonic() + PATIENCE_S
    while not query(parts, "SELECT 1 FROM retrain_losses"):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    ((job, state),) = query(parts, "SELECT id, state FROM jobs")
    assert state == "running" and not list((parts / "retrained").glob("*.safetensors"))
    finish(start(parts, "--resume", str(job), "--json"))
    curve = "SELECT step, loss FROM retrain_losses ORDER BY step"
    assert query(parts, curve) == query(whole, curve) and len(query(parts, curve)) == 8
    assert made(parts) == made(whole)
    assert query(parts, "SELECT state, progress FROM jobs") == [("done", 1.0)]
