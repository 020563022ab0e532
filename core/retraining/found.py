"""What a retraining has come to, read from the store for a person to look at; and its control."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from core.errors import RequestError
from core.jobs.records import Job
from core.jobs.store import JobStore
from core.models.regimes import CONTROL
from core.quantization.score import Scores
from core.retraining.plan import KIND, RetrainPlan
from core.retraining.store import Result, RetrainStore


@dataclass(frozen=True)
class Found:
    """As RetrainStore has them; `control` is the result of the same training in FP32, None where there is none yet."""

    plan: RetrainPlan
    stage: str
    steps: int
    losses: list[tuple[int, float]]
    scores: list[Scores]
    result: Result | None
    control: Result | None


def found(jobs: JobStore, job: Job) -> Found:
    """Raises RequestError for the plan of another version."""
    plan, store = RetrainPlan.from_json(job.plan), _store(jobs, job.id)
    return Found(
        plan=plan,
        stage=store.stage(),
        steps=store.steps(),
        losses=store.losses(),
        scores=store.scores(),
        result=store.result(),
        control=None if plan.format == CONTROL else _control(jobs, plan),
    )


def _control(jobs: JobStore, plan: RetrainPlan) -> Result | None:
    for job in jobs.jobs(KIND):
        if job.state == "done" and _is_control(job, plan.as_control):
            return _store(jobs, job.id).result()
    return None


def _is_control(job: Job, wanted: RetrainPlan) -> bool:
    try:
        plan = RetrainPlan.from_json(job.plan)
    except RequestError:
        return False
    return plan.format == CONTROL and plan.as_control == wanted


@lru_cache(maxsize=64)
def _store(jobs: JobStore, name: str) -> RetrainStore:
    """One for each job: to make one writes to the store."""
    return RetrainStore(jobs, name)
