"""Downloads and searches that outlive the tab that started them: one for each key, two at a time, with progress and cancel."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from core import settings
from core.errors import BitlensError, Cancelled, RequestError

TOLD_S = 600
MOST_AT_ONCE = 2
State = Literal["running", "done", "failed", "cancelled"]


@dataclass(eq=False)
class Job:
    """`share` runs from 0 to 1; `error` says why a job failed; `ended` is when, on the monotonic clock.

    `waiting` says that a job has not begun because others are before it: its state is "running" and its share 0.
    """

    title: str
    share: float = 0.0
    state: State = "running"
    waiting: bool = False
    error: BitlensError | None = None
    ended: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        self.stop.set()


class Turns:
    """At most MOST_AT_ONCE jobs at a time; the others in the order in which they came, which a semaphore would not keep."""

    def __init__(self) -> None:
        self._line: list[Job] = []
        self._changed = threading.Condition()

    def queue(self, job: Job) -> None:
        with self._changed:
            self._line.append(job)
            job.waiting = not self._has_come(job)

    @contextmanager
    def taken(self, job: Job) -> Iterator[None]:
        """Wait for the queued job's turn and hold it. Raises Cancelled where the job was stopped before."""
        try:
            self._wait(job)
            yield
        finally:
            with self._changed:
                self._line.remove(job)
                self._changed.notify_all()

    def _wait(self, job: Job) -> None:
        with self._changed:
            while not self._has_come(job) and not job.stop.is_set():
                self._changed.wait(0.2)  # a job's stop event wakes nobody up
            job.waiting = False
        if job.stop.is_set():
            raise Cancelled(f"{job.title} was stopped.", "")

    def _has_come(self, job: Job) -> bool:
        return job in self._line[:MOST_AT_ONCE]


class Background:
    """Jobs by key, on threads of their own. A job must look at its stop event and must not run a network itself."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._turns = Turns()
        self._lock = threading.Lock()

    def find(self, key: str) -> Job | None:
        """The job, while it runs and for ten minutes more."""
        job = self._jobs.get(key)
        if job is None or (job.ended is not None and time.monotonic() - job.ended > TOLD_S):
            return None
        return job

    def start(self, key: str, title: str, work: Callable[[Job], None]) -> Job:
        """Start `work`, now or when its turn comes, unless a job with this key is running: then that one is returned."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.state != "running":
                job = self._jobs[key] = Job(title)
                self._turns.queue(job)
                arguments = (job, work, self._turns)
                threading.Thread(target=_carry_out, args=arguments, name=f"bitlens-{key}", daemon=True).start()
            return job


def _carry_out(job: Job, work: Callable[[Job], None], turns: Turns) -> None:
    try:
        with turns.taken(job):
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
        if process.returncode < 0:
            ended = signal.Signals(-process.returncode).name
            raise RequestError(f"{job.title} was ended by {ended}.", "It may need more memory than this machine has.")
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
