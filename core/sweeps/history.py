"""The sweeps of this machine as a person looks back on them, and one of them as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.datasets.survey import Unreadable
from core.errors import RequestError
from core.jobs.records import Job
from core.jobs.store import JobStore
from core.models.catalog import ARCHITECTURES
from core.sweeps.conditions import Conditions
from core.sweeps.launch import KIND
from core.sweeps.plan import Plan
from core.sweeps.progress import remaining_s
from core.sweeps.rows import Table, table
from core.sweeps.store import Finished, SweepStore


@dataclass(frozen=True)
class Entry:
    """`plan` is None where another version of Bitlens wrote one that cannot be read."""

    job: Job
    plan: Plan | None

    @property
    def what(self) -> str:
        """signs:1000, 3 networks, 4 formats; or by name where there is one: "signs:60, SqueezeNet, FP32 and FIXED-8"."""
        if self.plan is None:
            return "a plan that this version cannot read"
        return f"{data_title(self.plan.data)}, {networks_title(self.plan.networks)}, {_formats(self.plan)}"


@dataclass(frozen=True)
class Standing:
    """A sweep as it is now. Without `conditions` it has not begun, and the rest is empty.

    `failures` are by variant, as core.errors writes them. `remaining_s` is None where it cannot be told yet.
    """

    entry: Entry
    store: SweepStore
    conditions: Conditions | None
    finished: Sequence[Finished] = ()
    skipped: Sequence[Unreadable] = ()
    failures: dict[int, dict[str, str]] | None = None
    remaining_s: float | None = None

    def table(self) -> Table:
        """Of what is finished; worked out once for as long as nothing else finishes."""
        assert self.conditions is not None
        return _table(self.store, len(self.finished), len(self.failures or ()))


def entry(job: Job) -> Entry:
    try:
        return Entry(job, Plan.from_json(job.plan))
    except RequestError:
        return Entry(job, None)


def history(jobs: JobStore) -> list[Entry]:
    """The newest first, a hundred at most."""
    return [entry(job) for job in jobs.jobs(KIND)]


def standing(jobs: JobStore, name: str) -> Standing:
    """Raises RequestError where there is no sweep of that name."""
    found = entry(jobs.get(name))
    if found.job.kind != KIND:
        raise RequestError(f"The job {name} is not a sweep but a {found.job.kind}.", "Choose another.")
    store = _store(jobs, name)
    conditions = store.conditions()
    if conditions is None:
        return Standing(found, store, None)
    finished, failures = store.finished(), store.failures()
    left = remaining_s(conditions, finished, failures)
    return Standing(found, store, conditions, finished, store.skipped(), failures, left)


@lru_cache(maxsize=64)
def _store(jobs: JobStore, name: str) -> SweepStore:
    """One for each job: to make one writes to the store."""
    return SweepStore(jobs, name)


@lru_cache(maxsize=8)
def _table(store: SweepStore, finished: int, failed: int) -> Table:
    """`finished` and `failed` say what the table is of: batches are only ever added."""
    conditions = store.conditions()
    assert conditions is not None
    return table(store, conditions)


def data_title(data: str) -> str:
    """A path's last part; all else as it is: "signs:1000"."""
    return Path(data).name or data


def networks_title(names: Sequence[str]) -> str:
    return ARCHITECTURES[names[0]].title if len(names) == 1 else f"{len(names)} networks"


def _formats(plan: Plan) -> str:
    titles = [variant.title for variant in plan.variants if variant.network == plan.networks[0]]
    return " and ".join(titles) if len(titles) <= 2 else f"{len(titles)} formats"
