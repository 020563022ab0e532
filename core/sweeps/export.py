"""A sweep's table as files and text: JSON for programs, CSV for spreadsheets, columns for people."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from core.files import as_text, spreadsheet_cell
from core.models.labels import labels
from core.sweeps import budgets
from core.sweeps.conditions import Conditions
from core.sweeps.naming import conditions_to_share, plan_to_share
from core.sweeps.plan import Plan
from core.sweeps.recommend import Recommendation, recommend
from core.sweeps.results import Results
from core.sweeps.rows import Detail, Row, Table, table
from core.sweeps.statistics import written

SCHEMA = 1
DETAILS = ("confidence", "calibration_error", "ratio", "ratio_low", "ratio_high", "top5_low", "top5_high")
COLUMNS = (*(field.name for field in fields(Row)), "weight_bytes", *DETAILS, "data", "seed", "job")
DECIMALS = 4
MOST_LOSING = 10


def document(plan: Plan, results: Results, conditions: Conditions) -> dict[str, Any]:
    """The results, and all that it takes to compute them again, without this machine's folders; keys are only ever added."""
    plan, conditions = plan_to_share(plan), conditions_to_share(conditions)
    found = table(results, conditions)
    return {
        "schema": SCHEMA,
        "command": "sweep",
        "job": results.job,
        "plan": json.loads(plan.to_json()),
        "plan_sha256": plan.fingerprint,
        "data": {
            "name": conditions.name,
            "sha256": conditions.data,
            "pictures": conditions.pictures,
            "skipped": [{"picture": one.index, "title": one.title, "reason": one.reason} for one in results.skipped()],
            "unmatched": {kind: list(names) for kind, names in conditions.unmatched.items() if names},
            "notes": list(conditions.notes),
        },
        "conditions": {"batch": conditions.batch, "threads": conditions.threads},
        "environment": conditions.environment,
        "results": [row.as_dict() for row in found.rows],
        "notes": list(found.notes),
        "details": [_detail(detail) for detail in found.details],
        "recommendations": [_recommendation(one) for one in recommend(found)],
        "failed": [
            {"variant": conditions.variants[number].title, **error} for number, error in results.failures().items()
        ],
    }


def _detail(detail: Detail) -> dict[str, Any]:
    """Classes by name, the worst first and MOST_LOSING at most."""
    names = labels(detail.record.labels)
    losing = [
        {
            **asdict(change),
            "class": names[change.class_index],
            "taken_for": None if change.taken_for is None else names[change.taken_for],
        }
        for change in detail.losing[:MOST_LOSING]
    ]
    numbers = {name: getattr(detail, name) for name in ("confidence", "calibration_error")}
    ratio = {name: getattr(detail, name) for name in ("ratio", "ratio_low", "ratio_high")}
    five = {name: getattr(detail, name) for name in ("top5_low", "top5_high")}
    return {**asdict(detail.record), **numbers, **ratio, **five, "losing": losing}


def _recommendation(one: Recommendation) -> dict[str, Any]:
    """`format` and `regime` are the recommended ones, `undecided` the cheapest that may do and more pictures would tell.

    `others` are the verdicts of all that are neither.
    """
    open = one.open
    return {
        "network": one.network,
        "weights": one.weights,
        "share": one.share,
        "format": one.best.row.format if one.best else None,
        "regime": one.best.row.regime if one.best else None,
        "undecided": None if open is None else {"format": open.row.format, "regime": open.row.regime},
        "more_pictures": None if open is None else open.more_pictures,
        "sentence": one.sentence,
        "others": [{"format": it.row.format, "regime": it.row.regime, "keeps": it.keeps} for it in one.others],
    }


def to_json(plan: Plan, results: Results, conditions: Conditions) -> str:
    return as_text(json.dumps(document(plan, results, conditions), indent=2, ensure_ascii=False))


def to_csv(plan: Plan, results: Results, conditions: Conditions) -> str:
    """One line for each row under COLUMNS, which only ever grow at their end; empty cells where a figure cannot be had.

    Of p-values DECIMALS digits count; all other figures have so many decimals.
    """
    text, found, data = io.StringIO(), table(results, conditions), plan_to_share(plan).data
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row, detail in zip(found.rows, found.details, strict=True):
        values = row.as_dict() | {name: getattr(detail, name) for name in DETAILS}
        values |= {"weight_bytes": detail.record.weight_bytes, "data": data, "seed": plan.seed, "job": results.job}
        writer.writerow([spreadsheet_cell(_rounded(column, values[column])) for column in COLUMNS])
    return text.getvalue()


def _rounded(column: str, value: object) -> object:
    if not isinstance(value, float):
        return value
    return float(f"{value:.{DECIMALS}g}") if column == "p_value" else round(value, DECIMALS)


HEADING = (
    f"{'network':<12}{'weights':<10}{'format':<20}{'images':>8}{'Top-1 %':>9}{'95 % interval':>16}{'Top-5 %':>9}"
    f"{'agrees %':>10}{'p':>9}{'keeps 99 %':>12}{'99.9 %':>11}{'images/s':>11}  engine, arithmetic"
)

EXPLAINED = (
    "p: McNemar's exact test of Top-1 against FP32 on the same pictures. Keeps: whether Top-1 is at least 99 % or 99.9 % of\n"
    "FP32's beyond this sample; with 95 % confidence no yes and no no in the table is wrong."
)


def to_text(found: Table) -> str:
    """One line for each row, two decimals; then what a reader must know of it."""
    lines = [HEADING, *(_line(row) for row in found.rows)]
    if any(row.p_value is not None for row in found.rows):
        lines += ["", EXPLAINED, "", *_advice(found)]
    early = [detail.record.title for detail in found.details if detail.record.preliminary]
    if early:
        lines += ["", f"Preliminary, with fractional lengths that were not searched for: {', '.join(early)}."]
    if retrained := budgets.told(detail.record for detail in found.details):
        lines += ["", *retrained]
    if found.notes:
        lines += ["", *found.notes]
    return "\n".join(lines)


def _advice(found: Table) -> Iterator[str]:
    for one in recommend(found):
        yield one.sentence
        yield from (f"  {line}" for line in one.lines)


def _line(row: Row) -> str:
    limits = "" if row.top1_low is None else f"{row.top1_low:.2f} - {row.top1_high:.2f}"
    accuracy = f"{row.images:>8,}{_number(row.top1):>9}{limits:>16}{_number(row.top5):>9}"
    against = f"{_number(row.agreement):>10}{written(row.p_value):>9}{row.keeps_99 or '':>12}{row.keeps_999 or '':>11}"
    speed = "" if row.images_per_second is None else f"{row.images_per_second:,.1f}"
    how = f"{speed:>11}  {row.engine}, {row.arithmetic}"
    return f"{row.network:<12}{row.weights:<10}{row.title:<20}{accuracy}{against}{how}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
