"""Start a job's process from the app: one that outlives the tab, the session and the app itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from core import settings
from core.errors import BitlensError, RequestError, StoreError
from core.jobs.records import Job
from core.jobs.store import JobStore

MOST_UNFINISHED = 20
STARTED = "BITLENS_JOB"  # in the environment of a process that the app started: that very job


def check_room(jobs: JobStore, more: int = 1) -> None:
    """For whoever adds `more` jobs from the app, where each takes a process. Raises RequestError where too many wait."""
    there = jobs.unfinished()
    if there + more > MOST_UNFINISHED:
        raise RequestError(
            f"{there} jobs are not finished yet, and this server keeps at most {MOST_UNFINISHED}.",
            "Cancel one that nobody needs, or wait until one is done.",
        )


def start_process(jobs: JobStore, job: Job) -> int:
    """Run `python -m core KIND --resume JOB` on its own; its words go to jobs/JOB.log in the cache folder. Returns its number.

    From now on the job counts as attended: a younger one whose process is there sooner does not go first. Raises StoreError
    where there is no room for a log or a process: the job stays queued.
    """
    process = _process(job, settings.cache_folder() / "jobs" / f"{job.id}.log")
    # One that has ended is there until its parent has asked how: a dead job would look alive.
    threading.Thread(target=process.wait, name=f"bitlens-job-{job.id}", daemon=True).start()
    jobs.expect(job.id, process.pid)
    return process.pid


def _process(job: Job, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "core", job.kind, "--resume", job.id]
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as words:
            # A session of its own: what ends the app, such as Ctrl-C in its terminal, must not end the job.
            return subprocess.Popen(
                command,
                cwd=settings.REPOSITORY,
                env=os.environ | {STARTED: job.id},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=words,
                start_new_session=True,
            )
    except OSError as error:
        raise StoreError(
            f"The job {job.id} cannot be started: {error.strerror or error}.", "See to it, then go on with the job."
        ) from error


def go_on(jobs: JobStore, name: str) -> Job:
    """Queue a job that stands still, and start its process where none attends it; one that was to pause does not.

    Raises RequestError where it had ended and too many others wait.
    """
    if jobs.get(name).ended is not None:
        check_room(jobs)
    jobs.retry(name)
    job = jobs.resume(name)
    if job.state == "queued" and not job.attended:
        start_process(jobs, job)
    return job


@contextmanager
def all_or_none(jobs: JobStore, added: Sequence[Job]) -> Iterator[None]:
    """Add jobs and start their processes inside: where one of these cannot be, none of what was `added` is left to wait."""
    try:
        yield
    except BitlensError:
        for job in added:
            with suppress(StoreError):  # the disk that has no room for a process's log may have none for this
                jobs.cancel(job.id)
        raise
