"""Where a sweep's outcomes are kept: in the store of jobs, one transaction for each batch of each variant."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from core.datasets.survey import Unreadable
from core.errors import BitlensError
from core.files import as_text
from core.jobs.store import JobStore
from core.sweeps.conditions import Conditions
from core.sweeps.outcomes import Outcomes
from core.sweeps.results import Finished

TABLES = (
    "CREATE TABLE IF NOT EXISTS sweeps (job TEXT PRIMARY KEY, conditions TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sweep_batches (job TEXT, variant INTEGER, batch INTEGER, images INTEGER NOT NULL, "
    "seconds REAL NOT NULL, at REAL NOT NULL, PRIMARY KEY (job, variant, batch)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS sweep_outcomes (job TEXT, variant INTEGER, picture INTEGER, truth INTEGER, rank INTEGER, "
    "prediction INTEGER NOT NULL, score REAL NOT NULL, probability REAL, PRIMARY KEY (job, variant, picture)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS sweep_unreadable (job TEXT, picture INTEGER, title TEXT NOT NULL, reason TEXT NOT NULL, "
    "PRIMARY KEY (job, picture)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS sweep_stages (job TEXT PRIMARY KEY, share REAL NOT NULL, parts INTEGER NOT NULL, "
    "words TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sweep_failures (job TEXT, variant INTEGER, error TEXT NOT NULL, PRIMARY KEY (job, variant))",
)


class SweepStore:
    """The outcomes of one job, which are Results to those who read. Whoever writes is the job's `owner`.

    Raises StoreError where the file cannot be used, or where the job is no longer the owner's.
    """

    def __init__(self, jobs: JobStore, job: str, owner: str = "") -> None:
        self.jobs, self.job, self.owner = jobs, job, owner
        for table in TABLES:
            jobs.database.create(table)

    def begin(self, conditions: Conditions) -> None:
        with self.jobs.database.transaction() as sql:
            sql.execute("INSERT INTO sweeps VALUES (?, ?)", (self.job, conditions.to_json()))

    def conditions(self) -> Conditions | None:
        """None where the sweep has not begun."""
        with self.jobs.database.transaction(write=False) as sql:
            row = sql.execute("SELECT conditions FROM sweeps WHERE job = ?", (self.job,)).fetchone()
        return None if row is None else Conditions.from_json(row[0])

    def record(self, variant: int, batch: int, found: Outcomes, seconds: float, progress: float) -> None:
        """All outcomes of a finished batch, that it is finished, and the job's progress: together or not at all."""
        rows = [(self.job, variant, *row) for row in found.rows()]
        with self.jobs.database.transaction() as sql:
            self.jobs.advance(sql, self.job, self.owner, progress)
            sql.executemany("INSERT INTO sweep_outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            finished = (self.job, variant, batch, len(found), seconds, time.time())
            sql.execute("INSERT INTO sweep_batches VALUES (?, ?, ?, ?, ?, ?)", finished)

    def skip(self, pictures: Sequence[Unreadable]) -> None:
        with self.jobs.database.transaction() as sql:
            rows = [(self.job, one.index, as_text(one.title), as_text(one.reason)) for one in pictures]
            sql.executemany("INSERT OR IGNORE INTO sweep_unreadable VALUES (?, ?, ?, ?)", rows)

    def fail(self, variant: int, error: BitlensError) -> None:
        """A variant that cannot be run on these pictures; the others go on."""
        with self.jobs.database.transaction() as sql:
            words = json.dumps(error.as_dict())
            sql.execute("INSERT OR REPLACE INTO sweep_failures VALUES (?, ?, ?)", (self.job, variant, words))

    def finished(self) -> list[Finished]:
        with self.jobs.database.transaction(write=False) as sql:
            rows = sql.execute(
                "SELECT variant, batch, images, seconds, at FROM sweep_batches WHERE job = ? ORDER BY batch, variant",
                (self.job,),
            )
            return [Finished(*row) for row in rows]

    def outcomes(self, variant: int) -> Outcomes:
        """All so far."""
        with self.jobs.database.transaction(write=False) as sql:
            rows = sql.execute(
                "SELECT picture, truth, rank, prediction, score, probability FROM sweep_outcomes "
                "WHERE job = ? AND variant = ?",
                (self.job, variant),
            )
            return Outcomes.from_rows(rows.fetchall())

    def skipped(self) -> list[Unreadable]:
        with self.jobs.database.transaction(write=False) as sql:
            rows = sql.execute(
                "SELECT picture, title, reason FROM sweep_unreadable WHERE job = ? ORDER BY picture", (self.job,)
            )
            return [Unreadable(*row) for row in rows]

    def failures(self) -> dict[int, dict[str, str]]:
        """By variant, as core.errors writes them."""
        with self.jobs.database.transaction(write=False) as sql:
            rows = sql.execute("SELECT variant, error FROM sweep_failures WHERE job = ? ORDER BY variant", (self.job,))
            return {int(variant): json.loads(error) for variant, error in rows}

    def reserve(self, share: float, parts: int) -> int:
        """Keep a share of the job's progress for so many fine-tunings; returns how many there were when it was begun."""
        with self.jobs.database.transaction() as sql:
            sql.execute("INSERT OR IGNORE INTO sweep_stages VALUES (?, ?, ?, '')", (self.job, share, parts))
            row = sql.execute("SELECT parts FROM sweep_stages WHERE job = ?", (self.job,)).fetchone()
        return int(row[0])

    def reserved(self) -> float:
        """0 where nothing had to be fine-tuned."""
        return float(self._stage("share") or 0.0)

    def at_stage(self, words: str, progress: float) -> None:
        with self.jobs.database.transaction() as sql:
            self.jobs.advance(sql, self.job, self.owner, progress)
            sql.execute("UPDATE sweep_stages SET words = ? WHERE job = ?", (as_text(words), self.job))

    def stage(self) -> str:
        """What is done before the first picture is answered: "Fine-tuning SqueezeNet FIXED-8, 2 of 4: step 120 of 400."."""
        return str(self._stage("words") or "")

    def _stage(self, column: str) -> str | float | None:
        with self.jobs.database.transaction(write=False) as sql:
            row = sql.execute(f"SELECT {column} FROM sweep_stages WHERE job = ?", (self.job,)).fetchone()
        return None if row is None else row[0]
