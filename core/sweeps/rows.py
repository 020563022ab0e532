"""A sweep's table: one row for each variant, made of its outcomes; while a sweep runs, of those that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import compress
from statistics import median
from typing import Any

from core.sweeps import budgets, statistics
from core.sweeps.conditions import Conditions, VariantRecord
from core.sweeps.naming import weights_names
from core.sweeps.outcomes import Outcomes
from core.sweeps.plan import BASELINE
from core.sweeps.results import Finished, Results
from core.sweeps.verdicts import Pairs, Verdict, interval, verdicts
from core.variant import Variant

UNLABELLED = "These pictures have no labels: formats are compared with FP32 alone (agreement)."


@dataclass(frozen=True)
class Row:
    """Percentages; None where a figure cannot be had.

    `weights` are what people call them: a file's name, with a number behind it where another file has the same.
    `images` are the pictures that the figures are of: those whose class is known, or all where none is. `agreement`, `p_value`
    (McNemar's, exact) and the verdicts compare with FP32 of the same network and weights, with no weight changed: that row
    itself agrees with itself, keeps all of its accuracy and has no p-value. `images_per_second` is None where the arithmetic
    is emulated, which has no speed of its own.
    """

    network: str
    weights: str
    format: str
    regime: str
    engine: str
    arithmetic: str
    images: int
    top1: float | None
    top1_low: float | None
    top1_high: float | None
    top5: float | None
    agreement: float | None
    p_value: float | None
    keeps_99: Verdict | None
    keeps_999: Verdict | None
    images_per_second: float | None

    @property
    def title(self) -> str:
        """The format and regime as people read them: "FIXED-8 RE-TRAIN"."""
        return Variant(self.network, self.weights, self.format, self.regime).title

    def as_dict(self) -> dict[str, Any]:
        """The row of `sweep --json`."""
        return asdict(self)


@dataclass(frozen=True)
class Detail:
    """What a row has no place for: how sure the answers are, the ratio of Top-1 to FP32's, and how the variant came about.

    `top5_low` and `top5_high` are the limits of Top-5's Wilson 95 % interval. `pairs` counts who is right, FP32 or the variant;
    None for FP32 itself, and without it. `ratio_low` and `ratio_high` are the limits of the ratio's own 95 % interval, before
    the correction for many questions.
    """

    record: VariantRecord
    confidence: float | None
    calibration_error: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    top5_low: float | None = None
    top5_high: float | None = None
    pairs: Pairs | None = None
    changes: tuple[statistics.ClassChange, ...] = ()

    @property
    def losing(self) -> tuple[statistics.ClassChange, ...]:
        """The classes with fewer right answers than in FP32, worst first."""
        return tuple(one for one in self.changes if one.after < one.before)


@dataclass(frozen=True)
class Table:
    """Rows and details in the order of the plan, without the variants that failed. `notes` say what a reader must know."""

    rows: tuple[Row, ...]
    details: tuple[Detail, ...]
    notes: tuple[str, ...] = ()

    @property
    def by_network(self) -> tuple[Table, ...]:
        """A table for each network with each weights, in order."""
        owners = [(one.record.network, one.record.weights) for one in self.details]
        return tuple(self._only([other == owner for other in owners]) for owner in dict.fromkeys(owners))

    def _only(self, which: Sequence[bool]) -> Table:
        return Table(tuple(compress(self.rows, which)), tuple(compress(self.details, which)))


def table(results: Results, conditions: Conditions) -> Table:
    """All that is finished so far."""
    failed = results.failures()
    answers = {number: results.outcomes(number) for number in range(len(conditions.variants)) if number not in failed}
    finished = results.finished()
    records = {number: conditions.variants[number] for number in answers}
    names = weights_names(one.weights for one in conditions.variants)
    before = _baselines(records, answers)
    rows = {
        number: _row(
            records[number],
            names[records[number].weights],
            found,
            before.get(number),
            [one for one in finished if one.variant == number],
        )
        for number, found in answers.items()
    }
    rows = _judged(rows, {number: statistics.pairs(before[number], answers[number]) for number in before})
    details = (_detail(records[number], found, before.get(number)) for number, found in answers.items())
    unlabelled = () if conditions.classes else (UNLABELLED,)
    notes = unlabelled + budgets.notes(records.values()) + budgets.elsewhere(records.values())
    return Table(tuple(rows.values()), tuple(details), notes)


def _baselines(records: Mapping[int, VariantRecord], answers: Mapping[int, Outcomes]) -> dict[int, Outcomes]:
    """For each variant the outcomes of FP32, raw, of its network and weights, where they were run."""
    fp32 = {(one.network, one.weights): answers[number] for number, one in records.items() if is_baseline(one)}
    return {
        number: fp32[one.network, one.weights] for number, one in records.items() if (one.network, one.weights) in fp32
    }


def is_baseline(one: VariantRecord | Row) -> bool:
    """Whether it is what all others are compared with: FP32, with no weight changed."""
    return (one.format, one.regime) == (BASELINE, "raw")


def _row(
    record: VariantRecord, weights: str, found: Outcomes, before: Outcomes | None, finished: list[Finished]
) -> Row:
    first, five = statistics.top(found, 1), statistics.top(found, 5)
    return Row(
        network=record.network,
        weights=weights,
        format=record.format,
        regime=record.regime,
        engine=record.engine,
        arithmetic=record.arithmetic,
        images=len(found.counted),
        top1=first.percent if first else None,
        top1_low=first.low if first else None,
        top1_high=first.high if first else None,
        top5=five.percent if five else None,
        agreement=None if before is None else statistics.agreement(before, found),
        p_value=None,
        keeps_99=None,
        keeps_999=None,
        images_per_second=None if record.arithmetic == "emulated" else _speed(finished),
    )


def _judged(rows: dict[int, Row], counts: Mapping[int, Pairs]) -> dict[int, Row]:
    """With p-values and verdicts where the true classes are known: the questions of all rows are corrected together."""
    known = {number: pairs for number, pairs in counts.items() if pairs.total}
    asked = [number for number in known if not is_baseline(rows[number])]
    judged = dict(zip(asked, verdicts([known[number] for number in asked]), strict=True))
    for number in known:
        p_value = statistics.mcnemar(known[number]) if number in judged else None
        keeps, keeps_more = judged.get(number, ("yes", "yes"))
        rows[number] = replace(rows[number], p_value=p_value, keeps_99=keeps, keeps_999=keeps_more)
    return rows


def _speed(finished: list[Finished]) -> float | None:
    """The median over batches, so that the first, which warms up, does not count."""
    speeds = [one.images / one.seconds for one in finished if one.images and one.seconds > 0]
    return median(speeds) if speeds else None


def _detail(record: VariantRecord, found: Outcomes, before: Outcomes | None) -> Detail:
    counts = None if before is None or is_baseline(record) else statistics.pairs(before, found)
    limits = None if counts is None else interval(counts)
    five = statistics.top(found, 5)
    return Detail(
        record=record,
        confidence=statistics.mean_confidence(found),
        calibration_error=statistics.calibration_error(found),
        ratio=None if counts is None else counts.ratio,
        ratio_low=limits[0] if limits else None,
        ratio_high=limits[1] if limits else None,
        top5_low=five.low if five else None,
        top5_high=five.high if five else None,
        pairs=counts,
        changes=() if before is None or counts is None else tuple(statistics.class_changes(before, found)),
    )
