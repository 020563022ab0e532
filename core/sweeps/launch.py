"""Start a sweep from the app: what can be known beforehand is checked before there is a job."""

from __future__ import annotations

from collections.abc import Sequence

from core.datasets.matching import match
from core.datasets.opening import open_set
from core.errors import DataError, RequestError
from core.jobs.records import Job
from core.jobs.start import all_or_none, check_room, start_process
from core.jobs.store import JobStore
from core.models.labels import labels, synsets
from core.models.weights import WEIGHTS, labels_of
from core.sweeps.checking import check, check_classes
from core.sweeps.layers.plan import LayersPlan
from core.sweeps.opening import opened
from core.sweeps.plan import Plan, chosen

KIND, LAYERS = "sweep", "layers"
MOST_ANSWERS = 5_000_000  # a page that everybody can open must not promise weeks of work
MOST_SEARCHED = 2_000  # pictures, each answered some hundreds of times


def launch(jobs: JobStore, plan: Plan) -> Job:
    """A new job and its process. Raises BitlensError, and leaves no job, where the plan cannot be carried out.

    What takes long to find out, such as a picture that cannot be read, the job itself says.
    """
    data = opened(plan)
    check(plan, data)
    _check_size(len(chosen(len(data), plan.limit, plan.seed)) * len(plan.variants), MOST_ANSWERS, "answers", KIND)
    return _started(jobs, KIND, plan.to_json())


def launch_layers(jobs: JobStore, plan: LayersPlan) -> Job:
    """The same for a network that is tried layer by layer: on a split to search on and one to score."""
    _check_size(plan.search, MOST_SEARCHED, "pictures to search on", LAYERS)
    for split in ("val", "test"):
        check_classes(open_set(plan.data, split), (plan.weights,))
    return _started(jobs, LAYERS, plan.to_json())


def _check_size(amount: int, most: int, what: str, kind: str) -> None:
    if amount > most:
        raise RequestError(
            f"That makes {amount:,} {what}, and a job from this page has at most {most:,}.",
            f"Take fewer pictures or formats, or run it on the machine itself: python -m core {kind}.",
        )


def _started(jobs: JobStore, kind: str, plan: str) -> Job:
    check_room(jobs)
    job = jobs.add(kind, plan)
    with all_or_none(jobs, [job]):
        start_process(jobs, job)
    return job


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
