"""How long a running sweep has to go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from core.sweeps.conditions import Conditions
from core.sweeps.results import Finished


def remaining_s(conditions: Conditions, finished: Iterable[Finished], failed: Collection[int] = ()) -> float | None:
    """Each variant's own seconds for a picture, times the pictures it still has; None while one has not run at all.

    250 pictures in batches of 100, one batch finished in 2 s: the other 150 take 3 s.
    """
    seconds: Counter[int] = Counter()
    pictures: Counter[int] = Counter()
    for one in finished:
        seconds[one.variant] += one.seconds  # type: ignore[assignment]
        pictures[one.variant] += min(conditions.batch, conditions.pictures - one.batch * conditions.batch)
    running = [number for number in range(len(conditions.variants)) if number not in failed]
    if any(not pictures[number] for number in running):
        return None
    rates = {number: seconds[number] / pictures[number] for number in running}
    return sum(rate * (conditions.pictures - pictures[number]) for number, rate in rates.items())
