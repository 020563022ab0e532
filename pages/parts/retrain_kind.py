"""Retrainings as jobs: how far one is, its loss curve as it grows, and what it came to."""

from __future__ import annotations

from core.jobs.records import Job
from core.jobs.store import shared_jobs
from core.retraining.launch import title
from core.retraining.plan import KIND
from pages.parts.job_panel import Kind, Titles
from pages.parts.job_standing import to_go
from pages.parts.job_words import AGAIN

NOTHING = "No network has been retrained on this machine yet. RE-TRAIN fine-tunes the weights with the format's own rounding in "
NOTHING += (
    "the forward pass; what counts is the accuracy of the integer program afterwards, on pictures that chose nothing."
)


def _standing(job: Job) -> str:
    from core.retraining.found import found

    stage = found(shared_jobs(), job).stage
    return f"{job.progress:.0%}, {stage}{to_go(job)}." if stage else "Loading the network."


def _draw(job: Job, others: Titles) -> None:
    _partial(job)


def _partial(job: Job) -> None:
    from core.retraining.found import found  # with torch, which a visitor without a retraining does not wait for
    from pages.parts import retrain_results

    retrain_results.draw(found(shared_jobs(), job), job.id)


RETRAININGS = Kind(
    KIND, "Retraining", NOTHING, what=title, standing=_standing, partial=_partial, draw=_draw, kept=lambda job: AGAIN
)
