"""What a sweep's table has no room for: memory, how sure the answers are, and the ratio to FP32 with its interval."""

from __future__ import annotations

import streamlit as st

from core.charts.style import sizes
from core.models.catalog import architecture
from core.sweeps.rows import Detail, Row, Table
from pages.parts import tables
from pages.parts.session import literal
from pages.parts.tables import two

HEADINGS = {
    "Format": "The number format, and RE-TRAIN where the weights were fine-tuned in it.",
    "Memory": "Of the weights.",
    "Top-5, 95 % interval": "Wilson's interval of Top-5.",
    "Confidence %": "The mean softmax of the first answer: how sure the network says it is.",
    "Calibration error": "Expected calibration error in points: how far confidence and accuracy lie apart, in 15 bins.",
    "Top-1 by FP32's": "The ratio that the verdicts are about.",
    "its 95 % interval": "Of the ratio alone, from the pairs, before the correction for many questions.",
}


def draw(found: Table) -> None:
    groups: dict[str, list[list[str]]] = {}
    memory = sizes([detail.record.weight_bytes for detail in found.details])
    for row, detail, size in zip(found.rows, found.details, memory, strict=True):
        title = f"{architecture(row.network).title}, weights {row.weights}"
        groups.setdefault(title, []).append(_line(row, detail, size))
    with st.expander("Memory, confidence, calibration"):
        headings, shown = tables.filled(HEADINGS, groups)
        st.html(tables.html("More of every format", headings, shown))
        for name, words in headings.items():
            st.caption(f"**{literal(name)}.** {literal(words)}")
        for words, formats in _calibrated(found).items():
            st.caption(f"**Calibration of {literal(', '.join(formats))}.** {literal(words)}.")


def _calibrated(found: Table) -> dict[str, list[str]]:
    """How the lengths or scales were chosen, and the formats where it was so."""
    titles: dict[str, list[str]] = {}
    for row, detail in zip(found.rows, found.details, strict=True):
        if detail.record.calibrated:
            titles.setdefault(detail.record.calibrated, []).append(f"{architecture(row.network).title} {row.title}")
    return titles


def _line(row: Row, detail: Detail, size: str) -> list[str]:
    return [
        tables.signed(row.format, row.title),
        size,
        _range(detail.top5_low, detail.top5_high, 2),
        two(detail.confidence),
        two(detail.calibration_error),
        "" if detail.ratio is None else f"{detail.ratio:.4f}",
        _range(detail.ratio_low, detail.ratio_high, 4),
    ]


def _range(low: float | None, high: float | None, digits: int) -> str:
    return "" if low is None or high is None else f"{low:.{digits}f} to {high:.{digits}f}"
