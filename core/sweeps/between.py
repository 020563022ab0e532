"""Two sweeps side by side: every variant that both have, picture by picture where the pictures are the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import RequestError
from core.models.catalog import architecture
from core.sweeps import statistics
from core.sweeps.conditions import Conditions, VariantRecord
from core.sweeps.naming import weights_names
from core.sweeps.outcomes import Outcomes
from core.sweeps.results import Results
from core.variant import Variant

SCHEMA = 1
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Difference:
    """One variant in two sweeps. Percentages; `points` is the second Top-1 less the first. None where it cannot be had.

    Where `paired`, all of it is of the pictures that both have answered, `p_value` is McNemar's, exact, and `agreement` how
    many first answers are equal. Where not, each Top-1 is of its own sweep's pictures. `changed` says what else than the
    pictures differs.
    """

    network: str
    weights: str
    format: str
    regime: str
    paired: bool
    images: tuple[int, int]
    top1: tuple[float | None, float | None]
    points: float | None
    p_value: float | None
    agreement: float | None
    changed: tuple[str, ...]

    @property
    def title(self) -> str:
        return (
            f"{architecture(self.network).title} {Variant(self.network, self.weights, self.format, self.regime).title}"
        )


@dataclass(frozen=True)
class Between:
    """`jobs` are the two sweeps, `rows` what both have, `alone` the variants that only the first or only the second has.

    `reason` says why the pictures are not paired; empty where they are.
    """

    jobs: tuple[str, str]
    reason: str
    rows: tuple[Difference, ...]
    alone: tuple[tuple[str, ...], tuple[str, ...]]

    def as_dict(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "command": "sweep", "compared": list(self.jobs), "reason": self.reason} | {
            "results": [asdict(row) for row in self.rows],
            "alone": [list(titles) for titles in self.alone],
        }


def between(first: Results, second: Results) -> Between:
    """Raises RequestError where one of them has not begun."""
    conditions = _conditions(first), _conditions(second)
    reason = _reason(*conditions)
    mine, others = (_variants(results, own) for results, own in zip((first, second), conditions, strict=True))
    rows = [
        _difference(
            key[1],
            (conditions[0].variants[mine[key]], first.outcomes(mine[key])),
            (conditions[1].variants[others[key]], second.outcomes(others[key])),
            not reason,
        )
        for key in mine
        if key in others
    ]
    alone = (
        tuple(_title(key) for key in mine if key not in others),
        tuple(_title(key) for key in others if key not in mine),
    )
    return Between((first.job, second.job), reason, tuple(rows), alone)


def _conditions(results: Results) -> Conditions:
    found = results.conditions()
    if found is None:
        raise RequestError(f"The job {results.job} has no results.", "Choose one that has begun.")
    return found


def _reason(first: Conditions, second: Conditions) -> str:
    """Equal fingerprints mean the same pictures with the same numbers, whatever limit each sweep took them by."""
    if first.data == second.data:
        return ""
    return (
        f"The pictures are not the same ones ({first.name or 'the first set'}, and {second.name or 'the second set'}): "
        "a difference may be theirs, and has no p-value."
    )


def _variants(results: Results, conditions: Conditions) -> dict[Key, int]:
    """Those that did not fail, by what they are: files of weights by name, since each machine has its own folders."""
    failed = results.failures()
    names = weights_names(one.weights for one in conditions.variants)
    found = enumerate(conditions.variants)
    return {(one.network, names[one.weights], one.format, one.regime): n for n, one in found if n not in failed}


def _title(key: Key) -> str:
    network, weights, format, regime = key
    return f"{architecture(network).title} {Variant(network, weights, format, regime).title} ({weights})"


def _difference(
    weights: str, first: tuple[VariantRecord, Outcomes], second: tuple[VariantRecord, Outcomes], same_pictures: bool
) -> Difference:
    (record, before), (other, after) = first, second
    paired = same_pictures and record.labels == other.labels
    if paired:
        before, after = statistics.paired(before, after)
    shares = [statistics.top(found, 1) for found in (before, after)]
    top1 = shares[0].percent if shares[0] else None, shares[1].percent if shares[1] else None
    counts = statistics.pairs(before, after) if paired else None
    return Difference(
        network=record.network,
        weights=weights,
        format=record.format,
        regime=record.regime,
        paired=paired,
        images=(len(before.counted), len(after.counted)),
        top1=top1,
        points=None if top1[0] is None or top1[1] is None else top1[1] - top1[0],
        p_value=statistics.mcnemar(counts) if counts is not None and counts.total else None,
        agreement=statistics.agreement(before, after) if paired else None,
        changed=tuple(_changed(record, other)),
    )


def _changed(first: VariantRecord, second: VariantRecord) -> Iterator[str]:
    if first.weights_sha256 != second.weights_sha256:
        yield "other weights"
    elif first.program_sha256 != second.program_sha256:
        yield "other integers or scales"
    if (first.engine, first.arithmetic) != (second.engine, second.arithmetic):
        yield f"{second.engine}, {second.arithmetic}, not {first.engine}, {first.arithmetic}"


HEADING = f"{'variant':<32}{'images':>14}{'Top-1 %':>18}{'points':>9}{'p':>9}{'agrees %':>10}  what else differs"


def to_text(found: Between) -> str:
    """One line for each variant of both, two decimals; then what one of them alone has, and what a reader must know."""
    lines = [f"First {found.jobs[0]}, then {found.jobs[1]}.", "", HEADING, *(_line(row) for row in found.rows)]
    lines += [
        f"Only in {job}: {', '.join(titles)}." for job, titles in zip(found.jobs, found.alone, strict=True) if titles
    ]
    if found.reason:
        lines += ["", found.reason]
    elif any(row.p_value is not None for row in found.rows):
        lines += ["", "On the pictures that both have answered. p: McNemar's exact test, each row by itself."]
    return "\n".join(lines)


def _line(row: Difference) -> str:
    first, second = (f"{count:,}" for count in row.images)
    images = first if row.paired else f"{first}, {second}"
    top1 = ", ".join("" if one is None else f"{one:.2f}" for one in row.top1) if row.points is not None else ""
    points = "" if row.points is None else f"{row.points:+.2f}"
    p_value = statistics.written(row.p_value)
    agrees = "" if row.agreement is None else f"{row.agreement:.2f}"
    return (
        f"{row.title:<32}{images:>14}{top1:>18}{points:>9}{p_value:>9}{agrees:>10}  {'; '.join(row.changed)}".rstrip()
    )
