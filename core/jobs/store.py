"""The jobs of this machine and their states, for any number of processes.

queued -> running -> done, failed, cancelled or paused; a job that stands still is queued again and goes on where it stopped.
One job runs at a time: two would share the same cores and both be slower.
"""

from __future__ import annotations

import json
import sqlite3
import time
from functools import cache
from pathlib import Path

from core import settings
from core.errors import BitlensError, RequestError, StoreError
from core.jobs.database import Database
from core.jobs.records import COLUMNS, Job, State, Wish, job, new_id, new_owner

TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    plan TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
    wish TEXT NOT NULL DEFAULT '' CHECK (wish IN ('', 'pause', 'cancel')),
    progress REAL NOT NULL DEFAULT 0,
    heartbeat REAL,
    owner TEXT NOT NULL DEFAULT '',
    error TEXT,
    created REAL NOT NULL,
    started REAL,
    ended REAL
)"""
# json_each gives a text itself, and a list's texts one by one.
NAMED = """
WITH plans AS (SELECT plan FROM jobs WHERE state NOT IN ('failed', 'cancelled') AND json_valid(plan))
SELECT value FROM plans, json_each(plan, '$.data')
UNION SELECT value FROM plans, json_each(plan, '$.weights')"""


class JobStore:
    """All of it is safe to call from any thread and process. Raises StoreError where the file cannot be used."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.create(TABLE)

    def add(self, kind: str, plan: str) -> Job:
        """A new job, queued."""
        name = new_id()
        with self.database.transaction() as sql:
            sql.execute(
                "INSERT INTO jobs (id, kind, plan, state, created) VALUES (?, ?, ?, 'queued', ?)",
                (name, kind, plan, time.time()),
            )
            return _find(sql, name)

    def get(self, name: str) -> Job:
        """Raises RequestError where there is none of that name."""
        with self.database.transaction(write=False) as sql:
            return _find(sql, name)

    def jobs(self, kind: str | None = None, most: int = 100) -> list[Job]:
        """The newest first."""
        with self.database.transaction(write=False) as sql:
            found = sql.execute(
                f"SELECT {COLUMNS} FROM jobs WHERE ?1 IS NULL OR kind = ?1 ORDER BY number DESC LIMIT ?2", (kind, most)
            )
            return [job(row) for row in found]

    def has_data(self, data: str) -> bool:
        """Whether some job was begun with that very text as its plan's `data`."""
        with self.database.transaction(write=False) as sql:
            found = "SELECT 1 FROM jobs WHERE json_valid(plan) AND json_extract(plan, '$.data') = ? LIMIT 1"
            return sql.execute(found, (data,)).fetchone() is not None

    def named(self) -> set[str]:
        """The sets and weights, each the text of a plan, of all jobs but those that failed or were cancelled."""
        with self.database.transaction(write=False) as sql:
            return {str(text) for (text,) in sql.execute(NAMED)}

    def unfinished(self) -> int:
        """How many jobs are queued, running or paused."""
        with self.database.transaction(write=False) as sql:
            (count,) = sql.execute(
                "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running', 'paused')"
            ).fetchone()
            return int(count)

    def expect(self, name: str, process: int) -> None:
        """That process of this machine was started for the queued job: the job keeps its place while the process loads."""
        with self.database.transaction() as sql:
            sql.execute(
                "UPDATE jobs SET owner = ?, heartbeat = ? WHERE id = ? AND state = 'queued' AND owner = ''",
                (new_owner(process), time.time(), name),
            )

    def claim(self, name: str, owner: str) -> bool:
        """Whether the job is now `owner`'s to carry out; if not, it waits its turn, and this call counts as its heartbeat.

        Its turn has come when nothing runs and no older job has a process that waits. Raises RequestError where it no longer
        waits: it is paused, has ended, or another process carries it out.
        """
        return self._turn(name, owner, take=True)

    def has_turn(self, name: str, owner: str) -> bool:
        """Whether `claim` would take the job now; until it does, it waits with a heartbeat. Raises RequestError likewise."""
        return self._turn(name, owner, take=False)

    def beat(self, name: str, owner: str) -> Wish:
        """Say that `owner` still works on the job; returns what the person wishes of it. Raises StoreError if it is not its."""
        with self.database.transaction() as sql:
            _touch(sql, name, owner, "heartbeat = ?", time.time())
            return _find(sql, name).wish

    def advance(self, sql: sqlite3.Connection, name: str, owner: str, progress: float) -> None:
        """Within the caller's transaction, so that what was finished and how far it is are never at odds."""
        _touch(sql, name, owner, "progress = ?, heartbeat = ?", progress, time.time())

    def finish(self, name: str, owner: str, state: State, error: BitlensError | None = None) -> None:
        """How `owner` leaves the job: done, failed, cancelled or paused."""
        words = None if error is None else json.dumps(error.as_dict())
        ended = None if state == "paused" else time.time()
        with self.database.transaction() as sql:
            changes = "state = ?, error = ?, ended = ?, wish = '', owner = ''"
            _touch(sql, name, owner, changes, state, words, ended)
            if state == "done":
                sql.execute("UPDATE jobs SET progress = 1 WHERE id = ?", (name,))

    def cancel(self, name: str) -> Job:
        """At once where nobody works on it, else as soon as its process hears of it; what has ended stays as it is."""
        return self._stop(name, "cancel", "cancelled", ("queued", "running", "paused"))

    def pause(self, name: str) -> Job:
        return self._stop(name, "pause", "paused", ("queued", "running"))

    def resume(self, name: str) -> Job:
        """Queue a paused job again, or one whose process died; take a wish to pause back where it has not been heard."""
        with self.database.transaction() as sql:
            found = _find(sql, name)
            if found.state == "paused" or (found.state == "running" and not found.attended):
                _queue(sql, name)
            elif found.wish == "pause":
                sql.execute("UPDATE jobs SET wish = '' WHERE id = ?", (name,))
            return _find(sql, name)

    def retry(self, name: str) -> Job:
        """Queue a failed or cancelled job again."""
        with self.database.transaction() as sql:
            if _find(sql, name).state in ("failed", "cancelled"):
                _queue(sql, name)
            return _find(sql, name)

    def _turn(self, name: str, owner: str, take: bool) -> bool:
        with self.database.transaction() as sql:
            found = _find(sql, name)
            if found.state == "running" and found.attended:
                raise RequestError(f"Another process carries out the job {name}.", "Wait for it, or pause it there.")
            if found.state not in ("queued", "running"):
                raise RequestError(f"The job {name} is {found.state}.", "Go on with it, or begin a new one.")
            mine = not _before(sql, name)
            taken = mine and take
            state = "running" if taken else found.state
            started = (found.started or time.time()) if taken else found.started
            sql.execute(
                "UPDATE jobs SET state = ?, owner = ?, heartbeat = ?, started = ? WHERE id = ?",
                (state, owner, time.time(), started, name),
            )
            return mine

    def _stop(self, name: str, wish: Wish, state: State, stoppable: tuple[State, ...]) -> Job:
        with self.database.transaction() as sql:
            found = _find(sql, name)
            if found.state == "running" and found.attended:
                sql.execute("UPDATE jobs SET wish = ? WHERE id = ?", (wish, name))
            elif found.state in stoppable:
                ended = time.time() if state == "cancelled" else None
                sql.execute(
                    "UPDATE jobs SET state = ?, wish = '', owner = '', ended = ? WHERE id = ?", (state, ended, name)
                )
            return _find(sql, name)


def _find(sql: sqlite3.Connection, name: str) -> Job:
    row = sql.execute(f"SELECT {COLUMNS} FROM jobs WHERE id = ?", (name,)).fetchone()
    if row is None:
        raise RequestError(f"There is no job named {name!r}.", "Give the name that was printed when it began.")
    return job(row)


def _before(sql: sqlite3.Connection, name: str) -> bool:
    """Whether a live process carries out another job, or waits with an older one."""
    others = sql.execute(
        f"SELECT {COLUMNS} FROM jobs WHERE id != ?1 AND (state = 'running' "
        "OR (state = 'queued' AND number < (SELECT number FROM jobs WHERE id = ?1)))",
        (name,),
    )
    return any(job(row).attended for row in others)


def _queue(sql: sqlite3.Connection, name: str) -> None:
    sql.execute(
        "UPDATE jobs SET state = 'queued', wish = '', owner = '', heartbeat = NULL, error = NULL, ended = NULL WHERE id = ?",
        (name,),
    )


def _touch(sql: sqlite3.Connection, name: str, owner: str, changes: str, *values: object) -> None:
    """Raises StoreError unless the job is running and `owner`'s: a process that slept too long has lost it to another."""
    done = sql.execute(
        f"UPDATE jobs SET {changes} WHERE id = ? AND owner = ? AND state = 'running'", (*values, name, owner)
    )
    if done.rowcount != 1:
        raise StoreError(f"The job {name} is no longer this process's.", "Another one may have taken it over.")


def store_file() -> Path:
    return settings.cache_folder() / "jobs.sqlite"


@cache
def shared_jobs() -> JobStore:
    """The process's store, in the cache folder."""
    return JobStore(Database(store_file()))
