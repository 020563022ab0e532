"""The gallery: photographs that ship with the app, with their authors and licences."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core import settings
from core.errors import RequestError


@dataclass(frozen=True)
class Sample:
    """`expected` holds the labels that count as right, None where the networks know nothing that is on the picture.

    `note` says openly where the shipped networks answer something else all the same.
    """

    name: str
    title: str
    file: Path
    alt: str
    author: str
    licence: str
    source: str
    expected: tuple[str, ...] | None
    note: str = ""


@cache
def samples() -> tuple[Sample, ...]:
    """All samples, in the gallery's order."""
    folder = settings.ASSETS / "samples"
    return tuple(_sample(folder, row) for row in json.loads((folder / "samples.json").read_text(encoding="utf-8")))


def sample(name: str) -> Sample:
    for one in samples():
        if one.name == name:
            return one
    raise RequestError(
        f"There is no sample named {name!r}.", f"Choose from: {', '.join(one.name for one in samples())}."
    )


def _sample(folder: Path, row: dict[str, str | list[str] | None]) -> Sample:
    expected = row["expected"]
    words = {key: str(row[key]) for key in ("name", "title", "alt", "author", "licence", "source")}
    words["note"] = str(row.get("note", ""))
    return Sample(**words, file=folder / str(row["file"]), expected=tuple(expected) if expected else None)
