"""Where the findings of a job of layers are kept: in the store of jobs, each as soon as it is measured."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from core.datasets.survey import Unreadable
from core.files import as_text
from core.jobs.store import JobStore
from core.sweeps.layers.records import Bits, Closeness, LayersConditions, Point, Sensitivity, Step
from core.sweeps.outcomes import Outcomes
from core.sweeps.statistics import agreement, top

Part = Literal["sensitivity", "search", "path", "points", "scored", "unreadable"]
Finding = dict[str, Any] | list[Any]
TABLES = (
    "CREATE TABLE IF NOT EXISTS layers (job TEXT PRIMARY KEY, conditions TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS layers_found (job TEXT, part TEXT, name TEXT, found TEXT NOT NULL, at REAL NOT NULL, "
    "PRIMARY KEY (job, part, name)) WITHOUT ROWID",
)


class LayersStore:
    """The findings of one job. Whoever writes is the job's `owner`.

    Raises StoreError where the file cannot be used, or where the job is no longer the owner's.
    """

    def __init__(self, jobs: JobStore, job: str, owner: str = "") -> None:
        self.jobs, self.job, self.owner = jobs, job, owner
        for table in TABLES:
            jobs.database.create(table)

    def begin(self, conditions: LayersConditions) -> None:
        with self.jobs.database.transaction() as sql:
            sql.execute("INSERT INTO layers VALUES (?, ?)", (self.job, conditions.to_json()))

    def conditions(self) -> LayersConditions | None:
        """None where the job has not begun."""
        with self.jobs.database.transaction(write=False) as sql:
            row = sql.execute("SELECT conditions FROM layers WHERE job = ?", (self.job,)).fetchone()
        return None if row is None else LayersConditions.from_json(row[0])

    def record(self, part: Part, found: Mapping[str, Finding], progress: float) -> None:
        """Findings by name and the job's progress, all together or not at all.

        What is there already stays, and progress that was further: a job that goes on may come by the same place again.
        """
        rows = [(self.job, part, name, json.dumps(one), time.time()) for name, one in found.items()]
        with self.jobs.database.transaction() as sql:
            sql.executemany("INSERT OR IGNORE INTO layers_found VALUES (?, ?, ?, ?, ?)", rows)
            (before,) = sql.execute("SELECT progress FROM jobs WHERE id = ?", (self.job,)).fetchone()
            self.jobs.advance(sql, self.job, self.owner, max(before, progress))

    def skip(self, pictures: Sequence[Unreadable], split: str) -> None:
        rows = {
            f"{split}/{one.index:08d}": {"index": one.index, "title": as_text(one.title), "reason": as_text(one.reason)}
            for one in pictures
        }
        if rows:
            self.record("unreadable", rows, 0.0)

    def found(self, part: Part) -> dict[str, Any]:
        """All so far, by name."""
        with self.jobs.database.transaction(write=False) as sql:
            rows = sql.execute(
                "SELECT name, found FROM layers_found WHERE job = ? AND part = ? ORDER BY name", (self.job, part)
            )
            return {str(name): json.loads(found) for name, found in rows}

    def sensitivity(self) -> list[Sensitivity]:
        """The baseline first, then layer by layer in the network's order, each from its fewest bits on."""
        rows = self.found("sensitivity").values()
        return [Sensitivity(**row | {"found": Closeness.from_dict(row["found"])}) for row in rows]

    def unreadable(self) -> list[Unreadable]:
        """The pictures of both sets that cannot be read."""
        return [Unreadable(**row) for row in self.found("unreadable").values()]

    def path(self) -> list[Step]:
        """The search's steps so far."""
        return [Step(**row | {"bits": tuple(row["bits"])}) for row in self.found("path").values()]

    def front(self) -> list[Point]:
        """FP32, the uniform widths from the narrowest on, then the mixed assignments from the largest on; scored so far."""
        points = list(self.found("points").values())
        scored = self.found("scored")
        answers = [self._outcomes(scored, f"{number:04d}/") for number in range(len(points))]
        searched = {step.bits: step.agreement for step in self.path()}
        return [_point(values, found, answers[0], searched) for values, found in zip(points, answers, strict=True)]

    @staticmethod
    def _outcomes(scored: dict[str, Any], point: str) -> Outcomes:
        rows = [tuple(row) for name, batch in scored.items() if name.startswith(point) for row in batch]
        return Outcomes.from_rows(rows)


def _point(values: dict[str, Any], found: Outcomes, exact: Outcomes, searched: Mapping[Bits, float]) -> Point:
    counted = found.counted
    return Point(
        **values,
        images=len(counted),
        top1=top(counted, 1),
        agreement=agreement(exact, found) if len(found) else None,
        searched=searched.get(tuple(values["bits"].values())),
    )
