"""A sweep's table: a group of rows for each network, a row for each format and regime."""

from __future__ import annotations

from dataclasses import replace

from core.models.catalog import architecture
from core.sweeps.rows import Detail, Row, Table
from core.sweeps.statistics import written
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


def html(found: Table, caption: str, judged: bool = True) -> str:
    """Without p and verdicts unless `judged`: who looks again and again as pictures come in will once see what is not there.

    The columns that stay empty are left out in the end, when no more can come.
    """
    groups: dict[str, list[list[str]]] = {}
    for row, detail in zip(found.rows, found.details, strict=True):
        title = f"{architecture(row.network).title}, weights {row.weights}"
        shown = row if judged else replace(row, p_value=None, keeps_99=None, keeps_999=None)
        groups.setdefault(title, []).append(_line(shown, detail))
    return tables.html(caption, *(tables.filled(HEADINGS, groups) if judged else (HEADINGS, groups)))


def _line(row: Row, detail: Detail) -> list[str]:
    return [
        tables.signed(row.format, f"{row.title} (preliminary)" if detail.record.preliminary else row.title),
        f"{row.images:,}",
        two(row.top1),
        "" if row.top1_low is None else f"{row.top1_low:.2f} to {row.top1_high:.2f}",
        two(row.top5),
        two(row.agreement),
        written(row.p_value),
        row.keeps_99 or "",
        row.keeps_999 or "",
        "" if row.images_per_second is None else f"{row.images_per_second:,.1f}",
        f"{row.engine}, {row.arithmetic}",
    ]
