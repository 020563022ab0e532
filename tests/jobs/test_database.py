"""The file itself: damage, locks, a full disk, several processes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import StoreError
from core.jobs.database import Database
from core.jobs.store import JobStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "jobs.sqlite"


def _filled(path: Path, count: int = 200) -> None:
    database = Database(path)
    store = JobStore(database)
    for index in range(count):
        store.add("sweep", f"{index} " + 50 * "x")
    database.close()


def _garbage(path: Path) -> None:
    path.write_bytes(b"these are words and no database" * 100)


def _header(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.write(b"\0" * 100)


def _middle(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xff" * 4096)


@pytest.mark.parametrize("damage", [_garbage, _header, _middle])
def test_a_damaged_file_is_moved_aside_and_said(path: Path, damage: Callable[[Path], None]) -> None:
    _filled(path)
    damage(path)
    damaged = path.read_bytes()
    database = Database(path)
    (aside,) = path.parent.glob("jobs.damaged-*.sqlite")
    assert aside.read_bytes() == damaged
    assert database.moved == f"The store of jobs was damaged. It was moved to {aside}, and a new one was begun."
    store = JobStore(database)
    assert store.jobs() == []
    store.add("sweep", "{}")
    database.close()
    again = Database(path)
    assert again.moved == ""
    assert again.notes() == [database.moved]
    assert len(JobStore(again).jobs()) == 1
    again.close()


def test_the_log_of_a_damaged_file_goes_with_it(path: Path) -> None:
    _filled(path)
    path.with_name("jobs.sqlite-wal").write_bytes(b"a log")
    _garbage(path)
    Database(path).close()
    (aside,) = path.parent.glob("jobs.damaged-*.sqlite")
    assert aside.with_name(aside.name + "-wal").read_bytes() == b"a log"


def test_damage_that_shows_later_is_said(path: Path) -> None:
    _filled(path, 2000)
    database = Database(path)
    database._connection.execute("PRAGMA cache_size = 1")
    with path.open("r+b") as stream:
        stream.seek(8192)
        stream.write(b"\xff" * (path.stat().st_size - 8192))
    with pytest.raises(StoreError, match=r"jobs.sqlite is damaged. Start again: it is then moved aside"):
        JobStore(database).jobs(most=2000)
    database.close()


def test_a_locked_file_is_said_and_stays(path: Path) -> None:
    _filled(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    database = Database.__new__(Database)
    with pytest.raises(StoreError, match="jobs.sqlite is held by another program. Close that program"):
        database.__init__(path, busy_s=0.05)  # type: ignore[misc]
    holder.execute("COMMIT")
    holder.close()
    assert not list(path.parent.glob("*damaged*"))
    assert len(JobStore(Database(path)).jobs(most=1000)) == 200


def test_a_reader_waits_for_no_writer(path: Path) -> None:
    _filled(path)
    store = JobStore(Database(path, busy_s=0.05))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM jobs")
    assert len(store.jobs(most=1000)) == 200
    other.close()


def test_a_full_disk_is_a_sentence_and_loses_nothing(path: Path) -> None:
    _filled(path)
    database = Database(path)
    store = JobStore(database)
    (pages,) = database._connection.execute("PRAGMA page_count").fetchone()
    database._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="the disk is full. What was finished before is kept. Free some space"):
        store.add("sweep", "y" * 100_000)
    store.add("sweep", "y")
    kept = len(store.jobs(most=1000))
    database.close()
    assert len(JobStore(Database(path)).jobs(most=1000)) == kept == 201


def test_a_failed_block_leaves_nothing(store: JobStore) -> None:
    with suppress(ZeroDivisionError), store.database.transaction() as sql:
        sql.execute("INSERT INTO jobs (id, kind, plan, state, created) VALUES ('a', 'sweep', '{}', 'queued', 0)")
        raise ZeroDivisionError
    assert store.jobs() == []


def test_a_newer_file_is_refused_and_stays(path: Path) -> None:
    _filled(path)
    with sqlite3.connect(path) as sql:
        sql.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="was written by a newer Bitlens. Update Bitlens"):
        Database(path)
    assert path.read_bytes() == before


def test_a_file_that_vanishes_is_said(path: Path) -> None:
    _filled(path)
    store = JobStore(Database(path))
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(StoreError, match="was moved away or replaced while it was in use. Start again."):
        store.add("sweep", "{}")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match="cannot be used: .* Check the folder and the disk."):
        Database(tmp_path / "file" / "jobs.sqlite")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_said(path: Path) -> None:
    _filled(path)
    path.parent.chmod(0o500)
    with pytest.raises(StoreError):
        Database(path)
    path.parent.chmod(0o700)
