"""A comparison as files: JSON for programs, CSV for spreadsheets. (Its picture is drawn by core.charts.grid.)"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from core.compare.records import SCHEMA, Answer
from core.files import spreadsheet_cell

_VARIANT = (
    *("image", "network", "weights", "format", "regime", "engine", "arithmetic", "device"),
    *("milliseconds", "elapsed_ms", "weight_bytes"),
)
_BOX = ("box_x0", "box_y0", "box_x1", "box_y1")
_GUESS = ("rank", "class", "label", "score")
_PROVENANCE = (
    *("floats", "calibrated", "preliminary", "image_sha256", "crop_x", "crop_y", "crop_size"),
    *("weights_sha256", "calibrator", "search", "retrained"),
)
COLUMNS = (*_VARIANT, *_BOX, *_GUESS, *_PROVENANCE)


def to_json(answers: Iterable[Answer], environment: Mapping[str, Any]) -> str:
    """The answers of `classify --json`; keys are only ever added."""
    document = {
        "schema": SCHEMA,
        "command": "classify",
        "environment": dict(environment),
        "results": [answer.as_dict() for answer in answers],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def to_csv(answers: Iterable[Answer]) -> str:
    """One row for each guess under COLUMNS, which only ever grow at their end; empty cells where there is no box or speed."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for answer in answers:
        row = answer.as_dict() | {"floats": " ".join(answer.floats)}
        before, after = ([spreadsheet_cell(row[column]) for column in part] for part in (_VARIANT, _PROVENANCE))
        for guess in row["top"]:
            own = [spreadsheet_cell(guess[column]) for column in _GUESS]
            writer.writerow([*before, *(answer.box or [None] * 4), *own, *after])
    return text.getvalue()
