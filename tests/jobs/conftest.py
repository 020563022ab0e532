from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.jobs.database import Database
from core.jobs.store import JobStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    database = Database(tmp_path / "jobs.sqlite", busy_s=5)
    yield JobStore(database)
    database.close()
