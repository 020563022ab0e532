"""Start a job's process from the app: one that outlives the tab, the session and the app itself."""

from __future__ import annotations

import subprocess
import sys

from core import settings
from core.jobs.records import Job


def start_process(job: Job) -> int:
    """Run `python -m core KIND --resume JOB` on its own; its words go to jobs/JOB.log in the cache folder. Returns its number."""
    log = settings.cache_folder() / "jobs" / f"{job.id}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "core", job.kind, "--resume", job.id]
    with log.open("a") as words:
        # A session of its own: what ends the app, such as Ctrl-C in its terminal, must not end the job.
        process = subprocess.Popen(
            command,
            cwd=settings.REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
            start_new_session=True,
        )
    return process.pid
