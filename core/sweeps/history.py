"""The sweeps of this machine as a person looks back on them, and one of them as it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from core.errors import RequestError
from core.jobs.records import Job
from core.jobs.store import JobStore
from core.models.catalog import ARCHITECTURES, architecture
from core.quantization.calibrators import calibrator
from core.sweeps.conditions import Conditions
from core.sweeps.plan import Plan
from core.sweeps.progress import remaining_s
from core.sweeps.recorded import Recorded, recorded
from core.sweeps.results import Results
from core.sweeps.rows import Table, table
from core.sweeps.store import SweepStore
from core.variant import REGIME_TITLES

DIGITS = 9  # of a commit


@dataclass(frozen=True, eq=False)
class Found:
    """What a sweep has found, or has found so far."""

    plan: Plan
    results: Results
    conditions: Conditions

    @cached_property
    def table(self) -> Table:
        return table(self.results, self.conditions)

    @cached_property
    def reached(self) -> int:
        """How many pictures have been answered by the variant that is furthest; those that cannot be read are not counted."""
        images = Counter[int]()
        for one in self.results.finished():
            images[one.variant] += one.images
        return max(images.values(), default=0)


@dataclass(frozen=True)
class Standing:
    """A sweep as it is now. `found` is None where it has not begun, `remaining_s` where that cannot be told yet.

    `stage` says what is done before it begins: that weights are fine-tuned, up to the job's progress `tuned`. `answered` is the
    share of the answers that is there, which the job's progress is not where some of it was fine-tuning.
    """

    found: Found | None
    remaining_s: float | None
    stage: str = ""
    answered: float = 0.0
    tuned: float = 0.0


def title(job: Job) -> str:
    """What it is about: "signs:1000:0, 3 networks, 4 formats", or by name where there are few."""
    try:
        plan = Plan.from_json(job.plan)
    except RequestError:
        return "a plan that this version cannot read"
    return f"{data_title(plan.data)}, {networks_title(plan.networks)}, {_formats(plan)}"


def standing(jobs: JobStore, job: Job) -> Standing:
    """Raises RequestError for the plan of another version."""
    store = _store(jobs, job.id)
    conditions = store.conditions()
    if conditions is None:
        return Standing(None, None, store.stage(), tuned=store.reserved())
    finished, failures = store.finished(), store.failures()
    found = _found(store, job.plan, len(finished), len(failures))
    answered = sum(min(conditions.batch, conditions.pictures - one.batch * conditions.batch) for one in finished)
    share = answered / (conditions.pictures * len(conditions.variants))
    return Standing(found, remaining_s(conditions, finished, failures), answered=share)


@lru_cache(maxsize=64)
def _store(jobs: JobStore, name: str) -> SweepStore:
    """One for each job: to make one writes to the store."""
    return SweepStore(jobs, name)


@lru_cache(maxsize=16)
def _found(store: SweepStore, plan: str, finished: int, failed: int) -> Found:
    """The same, with its table, for as long as nothing else has finished or failed: neither is ever taken back."""
    conditions = store.conditions()
    assert conditions is not None
    return Found(Plan.from_json(plan), store, conditions)


@lru_cache(maxsize=1)
def shipped() -> dict[str, tuple[str, Found]]:
    """The recorded sweeps by name, each with what it is, and when and at which commit it was made.

    Raises DataError for a damaged one.
    """
    return {one.name: (_provenance(one), Found(one.record.plan, one.record, one.record.begun)) for one in recorded()}


def _provenance(one: Recorded) -> str:
    """Such as "Tiny ImageNet, 10,000 pictures, 26 November 2026, at commit 0d882aeb1"."""
    parts = [one.title]
    if one.date is not None:
        parts.append(f"{one.date:%d %B %Y}".lstrip("0"))
    if one.commit is not None:
        parts.append(f"at commit {one.commit[:DIGITS]}")
    return ", ".join(parts)


def data_title(data: str) -> str:
    """A path's last part; all else as it is: "signs:1000"."""
    return Path(data).name or data


def networks_title(names: Sequence[str]) -> str:
    return ARCHITECTURES[names[0]].title if len(names) == 1 else f"{len(names)} networks"


def settings(plan: Plan) -> str:
    """All that was asked for: "signs:60:0; VGG-16, SqueezeNet; weights signs; FP32, INT8; RAW; all pictures"."""
    pictures = "all pictures" if plan.limit is None else f"{plan.limit:,} pictures, drawn by seed {plan.seed}"
    parts = [
        data_title(plan.data),
        ", ".join(architecture(name).title for name in plan.networks),
        f"weights {', '.join(data_title(name) for name in plan.weights)}",
        ", ".join(_format_titles(plan)),
        " and ".join(REGIME_TITLES[regime] for regime in plan.regimes),
        pictures,
        f"calibrated by {calibrator(plan.calibration.calibrator).title}",
    ]
    return "; ".join(parts if plan.calibration.search else [*parts, "fractional lengths not searched for"])


def _formats(plan: Plan) -> str:
    """FP32 and FIXED-5, RAW and RE-TRAIN."""
    titles = _format_titles(plan)
    formats = " and ".join(titles) if len(titles) <= 2 else f"{len(titles)} formats"
    regimes = " and ".join(REGIME_TITLES[regime] for regime in plan.regimes)
    return f"{formats}, {regimes}" if plan.retrains else formats


def _format_titles(plan: Plan) -> list[str]:
    """Each once, FP32 too where it is run for the others' sake."""
    return list(dict.fromkeys(variant.number_format.title for variant in plan.variants))
