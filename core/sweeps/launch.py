"""Start a sweep from the app: what can be known beforehand is checked before there is a job."""

from __future__ import annotations

from collections.abc import Sequence

from core.datasets.matching import match
from core.datasets.opening import open_set
from core.datasets.picture_set import PictureSet
from core.errors import DataError
from core.jobs.records import Job
from core.jobs.start import start_process
from core.jobs.store import JobStore
from core.models.kinds import KINDS
from core.models.labels import labels, synsets
from core.models.weights import WEIGHTS
from core.sweeps.plan import Plan

KIND = "sweep"


def launch(jobs: JobStore, plan: Plan) -> Job:
    """A new job and its process. Raises BitlensError, and leaves no job, where the plan cannot be carried out.

    What takes long to find out, such as a picture that cannot be read, the job itself says.
    """
    from core.sweeps.begin import check_runnable

    check_runnable(plan)
    check_classes(open_set(plan.data), plan.weights)
    job = jobs.add(KIND, plan.to_json())
    start_process(job)
    return job


def check_classes(data: PictureSet, weights: Sequence[str]) -> None:
    """Raises DataError where a network with one of these weights knows none of the set's classes."""
    for name in weights:
        if name in WEIGHTS:
            kind = labels_of(name)
            match(data.classes, data.synsets, labels(kind), synsets(kind))


def fitting(classes: Sequence[str], ids: Sequence[str | None]) -> list[str]:
    """The weights whose networks know some of these classes; those of signs for signs."""
    found = []
    for name in WEIGHTS:
        try:
            match(classes, ids, labels(labels_of(name)), synsets(labels_of(name)))
        except DataError:
            continue
        found.append(name)
    return found


def labels_of(weights: str) -> str:
    return KINDS[WEIGHTS[weights].kind].labels
