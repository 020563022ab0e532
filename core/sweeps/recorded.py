"""The sweeps that ship with the app: made with `python -m core sweep … --parquet assets/records/NAME.parquet`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from core.settings import ASSETS
from core.sweeps.parquet import Record, read

FOLDER = ASSETS / "records"


@dataclass(frozen=True)
class Recorded:
    """`date` is the day of its last batch, in UTC; `commit` what the code stood at, None where it was no clone."""

    name: str
    title: str
    date: date | None
    commit: str | None
    record: Record


def recorded(folder: Path = FOLDER) -> list[Recorded]:
    """All of them, by name. Reads no outcomes yet, and needs no pictures. Raises DataError for a damaged one."""
    return [_recorded(path) for path in sorted(folder.glob("*.parquet"))]


def _recorded(path: Path) -> Recorded:
    record = read(path)
    commit = record.begun.environment.get("bitlens")
    last = max((one.at for one in record.batches), default=None)
    return Recorded(
        name=path.stem,
        title=f"{record.begun.name or record.plan.data}, {record.begun.pictures:,} pictures",
        date=None if last is None else datetime.fromtimestamp(last, UTC).date(),
        commit=None if commit is None else str(commit),
        record=record,
    )
