"""A sweep's table: a group of rows for each network, a row for each format and regime."""

from __future__ import annotations

from collections.abc import Iterable

from core.models.catalog import architecture
from core.sweeps.rows import Detail, Row, Table
from pages.parts import tables
from pages.parts.tables import two

HEADINGS = {
    "Format": "The number format, and RE-TRAIN where the weights were fine-tuned in it.",
    "Pictures": "How many the figures are of: those whose class the network knows.",
    "Top-1 %": "How often the first answer is right.",
    "95 % interval": "Wilson's interval: where Top-1 over all such pictures may well lie.",
    "Top-5 %": "How often the right answer is among the first five.",
    "As FP32 %": "How often the first answer is the same as FP32's, right or wrong.",
    "p": "McNemar's exact test: how likely so lopsided a difference from FP32 is, if there is none.",
    "Keeps 99 %": "Whether Top-1 is at least 99 % of FP32's, beyond this sample.",
    "99.9 %": "The same for 99.9 %.",
    "Pictures/s": "The engine's speed; none where the arithmetic is emulated.",
    "Engine, arithmetic": "What computed it, and how: native, integer or emulated.",
}


def html(found: Table, caption: str) -> str:
    groups: dict[str, list[list[str]]] = {}
    early = _early(found.details)
    for row in found.rows:
        title = f"{architecture(row.network).title}, weights {row.weights}"
        groups.setdefault(title, []).append(_line(row, _key(row) in early))
    return tables.html(caption, HEADINGS, groups)


def _line(row: Row, early: bool) -> list[str]:
    return [
        tables.signed(row.format, f"{row.title} (preliminary)" if early else row.title),
        f"{row.images:,}",
        two(row.top1),
        "" if row.top1_low is None else f"{row.top1_low:.2f} to {row.top1_high:.2f}",
        two(row.top5),
        two(row.agreement),
        p_value(row.p_value),
        row.keeps_99 or "",
        row.keeps_999 or "",
        "" if row.images_per_second is None else f"{row.images_per_second:,.1f}",
        f"{row.engine}, {row.arithmetic}",
    ]


Key = tuple[str, str, str, str]


def _early(details: Iterable[Detail]) -> set[Key]:
    """The variants whose fractional lengths were not searched for."""
    records = (detail.record for detail in details if detail.record.preliminary)
    return {(one.network, one.weights_name, one.format, one.regime) for one in records}


def _key(row: Row) -> Key:
    return row.network, row.weights, row.format, row.regime


def p_value(value: float | None) -> str:
    return "" if value is None else "< 0.0001" if value < 0.0001 else f"{value:.4f}"
