"""Downloads and searches that outlive the tab that started them: one for each key, with progress and cancel."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from core import settings
from core.errors import BitlensError, Cancelled, RequestError

TOLD_S = 600
State = Literal["running", "done", "failed", "cancelled"]


@dataclass
class Job:
    """`share` runs from 0 to 1; `error` says why a job failed; `ended` is when, on the monotonic clock."""

    title: str
    share: float = 0.0
    state: State = "running"
    error: BitlensError | None = None
    ended: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        self.stop.set()


class Background:
    """Jobs by key, on threads of their own. A job must look at its stop event and must not run a network itself."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def find(self, key: str) -> Job | None:
        """The job, while it runs and for ten minutes more."""
        job = self._jobs.get(key)
        if job is None or (job.ended is not None and time.monotonic() - job.ended > TOLD_S):
            return None
        return job

    def start(self, key: str, title: str, work: Callable[[Job], None]) -> Job:
        """Start `work`, unless a job with this key is running: then that one is returned."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.state != "running":
                job = self._jobs[key] = Job(title)
                threading.Thread(target=_carry_out, args=(job, work), name=f"bitlens-{key}", daemon=True).start()
            return job


def _carry_out(job: Job, work: Callable[[Job], None]) -> None:
    try:
        work(job)
        job.share, job.state = 1.0, "done"
    except Cancelled:
        job.state = "cancelled"
    except BitlensError as error:
        job.error, job.state = error, "failed"
    except Exception as error:
        job.error, job.state = BitlensError(f"{job.title} failed: {error}.", "Try again."), "failed"
    finally:
        job.ended = time.monotonic()


def run_command(job: Job, arguments: Sequence[str]) -> None:
    """Run `python -m core ARGUMENTS --progress FILE` in its own process, following the file's share; stopped when asked."""
    with tempfile.TemporaryDirectory() as folder:
        progress, words = Path(folder) / "progress", Path(folder) / "words"
        command = [sys.executable, "-m", "core", *arguments, "--progress", str(progress)]
        # To a file: a pipe that nobody reads fills up, and the process would wait for ever.
        with words.open("w") as stderr:
            process = subprocess.Popen(command, cwd=settings.REPOSITORY, stdout=subprocess.DEVNULL, stderr=stderr)
        while process.poll() is None and not job.stop.wait(0.3):
            job.share = _share(progress, job.share)
        if job.stop.is_set():
            process.terminate()
            process.wait()
            raise Cancelled(f"{job.title} was stopped.", "")
        if process.returncode:
            raise RequestError(_last_line(words.read_text(errors="replace")), "Try again.")


def _share(progress: Path, before: float) -> float:
    try:
        return float(progress.read_text())
    except (OSError, ValueError):
        return before


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].removeprefix("bitlens: ") if lines else "The process ended without a word."


@cache
def shared_background() -> Background:
    return Background()
