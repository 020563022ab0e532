"""Tables of sweeps for the charts: how many of 1,000 pictures each variant has right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.sweeps.outcomes import Outcomes
from core.sweeps.rows import Table
from tests.sweeps.by_hand import filled, outcomes
from tests.sweeps.fakes import plan

PICTURES = 1000


def swept(path: Path, right: dict[str, tuple[int, ...]], regimes: tuple[str, ...] = ("raw",), **more: object) -> Table:
    """`right` has for each format the right answers of each regime; `more` goes into the plan. Each network has the same."""
    chosen = plan(formats=tuple(right), regimes=regimes, **more)
    found = {
        number: [_answers(right[variant.format][regimes.index(variant.regime)])]
        for number, variant in enumerate(chosen.variants)
    }
    return filled(path, chosen, found)[1]


def _answers(right: int) -> Outcomes:
    """The first `right` are; a wrong answer has the true class third. All are 50 % sure."""
    return outcomes([place < right for place in range(PICTURES)])


def unlabelled(path: Path) -> Table:
    """FIXED-8 answers every fourth picture otherwise than FP32."""
    chosen = plan()
    same = outcomes([True] * 8, labelled=False)
    other = replace(same, prediction=np.where(same.pictures % 4 == 0, 5, same.prediction))
    return filled(path, chosen, {0: [same], 1: [other]})[1]
