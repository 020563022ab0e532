"""Where a retraining's loss curve, scores and result are kept: in the store of jobs, readable while it runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.compare.evaluate import Accuracy
from core.files import as_text
from core.jobs.store import JobStore
from core.quantization.score import Scores

TABLES = (
    "CREATE TABLE IF NOT EXISTS retrain_runs (job TEXT PRIMARY KEY, stage TEXT NOT NULL, steps INTEGER NOT NULL, result TEXT)",
    "CREATE TABLE IF NOT EXISTS retrain_losses (job TEXT, step INTEGER, loss REAL NOT NULL, PRIMARY KEY (job, step)) "
    "WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS retrain_scores (job TEXT, epoch INTEGER, top1 REAL NOT NULL, top5 REAL NOT NULL, "
    "loss REAL, PRIMARY KEY (job, epoch)) WITHOUT ROWID",
)


@dataclass(frozen=True)
class Result:
    """How a retraining ended. `before` and `after` are of the program, RAW and retrained, over the pictures `scored_on`.

    They are of a test split, which chose nothing; `images` in each says how many. `record` is what the file `file` says of
    itself, `seconds` what the training took, `notes` what was left out of the sets. `gained` is how many pictures are right
    only after it, `lost` how many only before; None where an earlier version did not count them.
    """

    file: str
    before: Accuracy
    after: Accuracy
    scored_on: str
    record: dict[str, Any]
    seconds: float
    notes: tuple[str, ...]
    gained: int | None = None
    lost: int | None = None


class RetrainStore:
    """One job's. Whoever writes is the job's `owner`. Raises StoreError where the file cannot be used or the job is another's."""

    def __init__(self, jobs: JobStore, job: str, owner: str = "") -> None:
        self.jobs, self.job, self.owner = jobs, job, owner
        for table in TABLES:
            jobs.database.create(table)

    def begin(self) -> None:
        """From the start, whatever was there: a training that was cut off is not gone on with."""
        with self.jobs.database.transaction() as sql:
            self.jobs.advance(sql, self.job, self.owner, 0.0)
            for table in ("retrain_losses", "retrain_scores"):
                sql.execute(f"DELETE FROM {table} WHERE job = ?", (self.job,))
            sql.execute("INSERT OR REPLACE INTO retrain_runs VALUES (?, '', 0, NULL)", (self.job,))

    def write(
        self,
        stage: str,
        progress: float,
        steps: int = 0,
        losses: Sequence[tuple[int, float]] = (),
        scores: Sequence[tuple[int, Scores]] = (),
    ) -> None:
        """What is done now, and what has come since the last time: together or not at all."""
        with self.jobs.database.transaction() as sql:
            self.jobs.advance(sql, self.job, self.owner, progress)
            sql.execute("UPDATE retrain_runs SET stage = ?, steps = ? WHERE job = ?", (as_text(stage), steps, self.job))
            sql.executemany("INSERT INTO retrain_losses VALUES (?, ?, ?)", [(self.job, *one) for one in losses])
            rows = [(self.job, epoch, one.top1, one.top5, one.loss) for epoch, one in scores]
            sql.executemany("INSERT INTO retrain_scores VALUES (?, ?, ?, ?, ?)", rows)

    def finish(self, result: Result) -> None:
        with self.jobs.database.transaction() as sql:
            self.jobs.advance(sql, self.job, self.owner, 1.0)
            words = as_text(json.dumps(asdict(result), ensure_ascii=False))
            sql.execute("UPDATE retrain_runs SET stage = '', result = ? WHERE job = ?", (words, self.job))

    def stage(self) -> str:
        """What is done now, for a person: "training: step 120 of 400"; empty before and after."""
        return str(self._run("stage") or "")

    def steps(self) -> int:
        """Of the whole training; 0 before it has begun."""
        return int(self._run("steps") or 0)

    def losses(self) -> list[tuple[int, float]]:
        """Steps from 1 on, and the loss of each one's batch; a second old at most."""
        with self.jobs.database.transaction(write=False) as sql:
            rows = sql.execute("SELECT step, loss FROM retrain_losses WHERE job = ? ORDER BY step", (self.job,))
            return [(int(step), float(loss)) for step, loss in rows]

    def scores(self) -> list[Scores]:
        """On the pictures that choose the epoch: the first before any training, then one for each finished epoch."""
        with self.jobs.database.transaction(write=False) as sql:
            rows = sql.execute(
                "SELECT top1, top5, loss FROM retrain_scores WHERE job = ? ORDER BY epoch", (self.job,)
            ).fetchall()
        return [Scores(top1, top5, float("nan") if loss is None else loss) for top1, top5, loss in rows]

    def result(self) -> Result | None:
        """None until all is done."""
        text = self._run("result")
        if text is None:
            return None
        values = json.loads(text)
        accuracies = {name: Accuracy(**values[name]) for name in ("before", "after")}
        return Result(**values | accuracies | {"notes": tuple(values["notes"])})

    def _run(self, column: str) -> Any:
        with self.jobs.database.transaction(write=False) as sql:
            row = sql.execute(f"SELECT {column} FROM retrain_runs WHERE job = ?", (self.job,)).fetchone()
        return None if row is None else row[0]
