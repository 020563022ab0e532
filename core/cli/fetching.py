"""Data sets that are downloaded when a command names them: said before it starts, with a bar; Ctrl-C keeps what has come."""

from __future__ import annotations

import sys

from tqdm import tqdm

from core.datasets.opening import missing
from core.download import Report


def fetch_missing(text: str) -> None:
    """Download the set of that name where it is published and not here. Raises DataError."""
    archive = missing(text)
    if archive is not None:
        print(f"bitlens: {archive.title} is not here: {archive.megabytes:,} MB are downloaded.", file=sys.stderr)
        with tqdm(unit="B", unit_scale=True, dynamic_ncols=True, desc=archive.title) as bar:
            archive.fetch(shown(bar))


def shown(bar: tqdm) -> Report:
    """Reports to a bar of bytes. What was here before does not count for its speed."""

    def show(done: int, total: int) -> None:
        if bar.total is None:
            bar.total, bar.initial, bar.n = total, done, done
        bar.update(done - bar.n)

    return show
