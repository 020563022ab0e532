"""What a sweep has found, wherever it is kept: all that tables, charts and comparisons are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.datasets.survey import Unreadable
from core.sweeps.conditions import Conditions
from core.sweeps.outcomes import Outcomes


@dataclass(frozen=True)
class Finished:
    """One batch of one variant: how many pictures could be read, the engine's seconds for them, and when it was written."""

    variant: int
    batch: int
    images: int
    seconds: float
    at: float


class Results(Protocol):
    """Read from the store of jobs (core.sweeps.store), or from a file (core.sweeps.parquet).

    `job` names it. Variants go by their place in the plan.
    """

    @property
    def job(self) -> str: ...

    def conditions(self) -> Conditions | None:
        """None where the sweep has not begun."""

    def finished(self) -> list[Finished]:
        """By batch, then variant."""

    def outcomes(self, variant: int) -> Outcomes:
        """All so far; empty where there are none."""

    def skipped(self) -> list[Unreadable]:
        """The pictures that could not be read, by number."""

    def failures(self) -> dict[int, dict[str, str]]:
        """By variant, as core.errors writes them."""
