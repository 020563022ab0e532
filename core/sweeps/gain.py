"""What a retraining gained on the pictures that chose nothing, and whether that is more than chance."""

from __future__ import annotations

from core.retraining.store import Result
from core.sweeps.statistics import mcnemar, written
from core.sweeps.verdicts import ERROR, Pairs


def sentence(result: Result) -> str:
    """Such as "+0.50 points: 31 pictures gained, 21 lost. No difference can be told (p = 0.2116).".

    p is McNemar's, exact, of the same pictures before and after.
    """
    if result.record["best_epoch"] == 0:
        kept = "No epoch was better than the weights as they were: no weight was changed."
        return f"{kept} {_change(result)}" if result.gained or result.lost else kept
    return _change(result)


def _change(result: Result) -> str:
    points = f"{result.after.top1 - result.before.top1:+.2f} points"
    if result.gained is None or result.lost is None:
        return f"{points}; whether that is more than chance cannot be told, for it was not kept which pictures changed."
    p_value = mcnemar(Pairs(0, result.gained, result.lost, 0))
    said = written(p_value) if p_value < 0.0001 else f"= {written(p_value)}"
    told = f"Real: p {said}." if p_value <= ERROR else f"No difference can be told (p {said})."
    return f"{points}: {result.gained:,} pictures gained, {result.lost:,} lost. {told}"
