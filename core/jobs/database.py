"""One SQLite file that several processes share: short transactions in WAL mode, and errors in words.

A process that is killed at any moment leaves the last whole transaction behind (after a power cut, perhaps the one before).
A file that SQLite cannot read is moved aside and never deleted; where it went is kept in the new one.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.errors import StoreError

BUSY_S = 30.0
VERSION = 1
NOTES = "CREATE TABLE IF NOT EXISTS notes (at REAL NOT NULL, sentence TEXT NOT NULL)"


class Database:
    """One connection, shared by this process's threads one transaction at a time.

    `moved` says in a sentence that a damaged file was found here just now and where it went; it is empty otherwise.
    """

    def __init__(self, path: Path, busy_s: float = BUSY_S) -> None:
        self.path, self.moved = path, ""
        self._busy_s = busy_s
        self._lock = threading.RLock()
        with _spoken(path):
            self._connection = self._open()
            self._place = _place(path)
        self.create(NOTES)
        if self.moved:
            with self.transaction() as sql:
                sql.execute("INSERT INTO notes VALUES (?, ?)", (time.time(), self.moved))

    def create(self, table: str) -> None:
        """Make a table, with CREATE TABLE IF NOT EXISTS."""
        with self.transaction() as sql:
            sql.execute(table)

    @contextmanager
    def transaction(self, write: bool = True) -> Iterator[sqlite3.Connection]:
        """All of the block or nothing. Raises StoreError. Reading alone waits for no writer and sees one state."""
        with self._lock, _spoken(self.path):
            self._check_place()
            self._connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def notes(self) -> list[str]:
        """What befell the store, oldest first."""
        with self.transaction(write=False) as sql:
            return [str(sentence) for (sentence,) in sql.execute("SELECT sentence FROM notes ORDER BY at")]

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
        """One process at a time: of two that find the same damage, the second must not move away the first one's new file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock, ExitStack() as on_error:
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection = self._connect(on_error)
            if not _is_sound(connection):
                # While it is open: closing it deletes the log, which may hold what the file has lost.
                self.moved = _move_aside(self.path)
                connection = self._connect(on_error)
            _settle(connection, self.path)
            on_error.pop_all()
            return connection

    def _connect(self, on_error: ExitStack) -> sqlite3.Connection:
        on_error.close()
        connection = sqlite3.connect(self.path, timeout=self._busy_s, isolation_level=None, check_same_thread=False)
        on_error.callback(connection.close)
        return connection

    def _check_place(self) -> None:
        """What is written to a file that was moved away or deleted would be lost without a word."""
        if _place(self.path) != self._place:
            raise StoreError(f"{self.path} was moved away or replaced while it was in use.", "Start again.")


def _is_sound(connection: sqlite3.Connection) -> bool:
    """By SQLite's own check; a tenth of a second for ten megabytes."""
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return False
        raise
    return bool(found == "ok")


def _settle(connection: sqlite3.Connection, path: Path) -> None:
    """Raises StoreError for a file of a newer version, which stays as it is."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StoreError(
            f"{path} was written by a newer Bitlens.", "Update Bitlens, or set BITLENS_CACHE to another folder."
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _move_aside(path: Path) -> str:
    """The file and its log, under a name that says so. Returns the sentence."""
    stamp = f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 1_000_000_000:09d}"
    target = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    for ending in ("-wal", "-shm"):
        log = path.with_name(path.name + ending)
        if log.exists():
            log.rename(target.with_name(target.name + ending))
    path.rename(target)
    return f"The store of jobs was damaged. It was moved to {target}, and a new one was begun."


def _place(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary error code, 0 where there is none: 266, a kind of SQLITE_IOERR, is 10."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


_SENTENCES = {
    sqlite3.SQLITE_BUSY: ("is held by another program.", "Close that program, or wait for it, then try again."),
    sqlite3.SQLITE_LOCKED: ("is held by another program.", "Close that program, or wait for it, then try again."),
    sqlite3.SQLITE_FULL: (
        "cannot grow: the disk is full. What was finished before is kept.",
        "Free some space, or set BITLENS_CACHE to a folder on another disk; then go on with the job.",
    ),
    sqlite3.SQLITE_READONLY: ("cannot be written.", "Allow it, or set BITLENS_CACHE to another folder."),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened.", "Check the folder, or set BITLENS_CACHE to another one."),
    sqlite3.SQLITE_CORRUPT: ("is damaged.", "Start again: it is then moved aside, and a new one is begun."),
    sqlite3.SQLITE_NOTADB: ("is damaged.", "Start again: it is then moved aside, and a new one is begun."),
}


@contextmanager
def _spoken(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors as StoreError, in words."""
    try:
        yield
    except sqlite3.Error as error:
        what, remedy = _SENTENCES.get(_code(error), (f"failed: {error}.", "Check the disk, then try again."))
        raise StoreError(f"The store of jobs {path} {what}", remedy) from error
    except OSError as error:
        words = error.strerror or str(error)
        raise StoreError(
            f"The store of jobs {path} cannot be used: {words}.", "Check the folder and the disk."
        ) from error
