"""A retraining as a document for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from core.environment import environment
from core.files import as_text
from core.retraining.store import Result

SCHEMA = 1


def to_json(job: str, result: Result, losses: Iterable[tuple[int, float]]) -> str:
    """The result of `retrain --json`, with every step's loss; keys are only ever added."""
    document = {
        "schema": SCHEMA,
        "command": "retrain",
        "environment": environment(),
        "job": job,
        "file": result.file,
        "record": result.record,
        "losses": [loss for _, loss in losses],
        "seconds": result.seconds,
        "scored_on": result.scored_on,
        "before": asdict(result.before),
        "after": asdict(result.after),
        "gained": result.gained,
        "lost": result.lost,
        "notes": list(result.notes),
    }
    return as_text(json.dumps(document, indent=1))
