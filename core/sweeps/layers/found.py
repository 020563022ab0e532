"""What a job of layers has found, read from the store for a person to look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.datasets.survey import Unreadable
from core.errors import RequestError
from core.jobs.records import Job
from core.jobs.store import JobStore
from core.models.catalog import architecture
from core.sweeps.layers.plan import LayersPlan
from core.sweeps.layers.records import LayersConditions, Point, Sensitivity, Step
from core.sweeps.layers.store import LayersStore


@dataclass(frozen=True, eq=False)
class Found:
    """As LayersStore has them."""

    plan: LayersPlan
    store: LayersStore
    conditions: LayersConditions
    sensitivity: list[Sensitivity]
    path: list[Step]
    front: list[Point]
    unreadable: list[Unreadable]


def title(job: Job) -> str:
    """What it is about: "signs:1000:0, SqueezeNet, weights signs"."""
    try:
        plan = LayersPlan.from_json(job.plan)
    except RequestError:
        return "a plan that this version cannot read"
    return f"{Path(plan.data).name}, {architecture(plan.network).title}, weights {Path(plan.weights).name}"


def found(jobs: JobStore, job: Job) -> Found | None:
    """None where it has not begun."""
    return _found(_store(jobs, job.id), job.plan, job.progress)


@lru_cache(maxsize=64)
def _store(jobs: JobStore, name: str) -> LayersStore:
    """One for each job: to make one writes to the store."""
    return LayersStore(jobs, name)


@lru_cache(maxsize=16)
def _found(store: LayersStore, plan: str, progress: float) -> Found | None:
    """The same for as long as the job's progress is: both are written together."""
    conditions = store.conditions()
    if conditions is None:
        return None
    chosen = LayersPlan.from_json(plan)
    return Found(chosen, store, conditions, store.sensitivity(), store.path(), store.front(), store.unreadable())
