"""A sweep's table as HTML: a group of rows for each network, figures right-aligned, each format with its sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from core.charts.style import look
from core.models.catalog import architecture
from core.sweeps.rows import Detail, Row, Table
from core.variant import Variant

STYLE = """<style>
.bl-scroll {overflow-x: auto; padding-bottom: .3rem}
.bl-table {border-collapse: collapse; width: 100%; font-size: .8rem; font-variant-numeric: tabular-nums}
.bl-table caption {text-align: left; font-size: .85rem; padding: 0 0 .4rem; opacity: .9; caption-side: top}
.bl-table th, .bl-table td {padding: .26rem .4rem; text-align: right; white-space: nowrap; font-size: inherit;
  border-bottom: 1px solid color-mix(in srgb, currentColor 16%, transparent)}
.bl-table thead th {font-weight: 600; vertical-align: bottom; border-bottom-width: 2px}
.bl-table th:first-child, .bl-table .bl-left {text-align: left}
.bl-table tbody th {font-weight: 500}
.bl-table th.bl-group {font-weight: 600; padding-top: .7rem; text-align: left}
.bl-table .bl-range {opacity: .85}
</style>"""
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
    early = {
        (one.record.network, one.record.weights_name, one.record.format, one.record.regime): one
        for one in found.details
    }
    heads = "".join(f'<th scope="col" title="{escape(words)}">{escape(name)}</th>' for name, words in HEADINGS.items())
    body = "".join(_group(title, rows, early) for title, rows in _by_network(found.rows).items())
    return (
        f'{STYLE}<div class="bl-scroll" role="region" tabindex="0" aria-label="{escape(caption)}"><table class="bl-table">'
        f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>{body}</table></div>"
    )


Details = Mapping[tuple[str, str, str, str], Detail]


def _by_network(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(f"{architecture(row.network).title}, weights {row.weights}", []).append(row)
    return found


def _group(title: str, rows: Sequence[Row], details: Details) -> str:
    head = f'<tr><th class="bl-group" scope="rowgroup" colspan="{len(HEADINGS)}">{escape(title)}</th></tr>'
    return f"<tbody>{head}{''.join(_row(row, details) for row in rows)}</tbody>"


def _row(row: Row, details: Details) -> str:
    limits = "" if row.top1_low is None else f"{row.top1_low:.2f} to {row.top1_high:.2f}"
    cells = [
        f"{row.images:,}",
        two(row.top1),
        limits,
        two(row.top5),
        two(row.agreement),
        p_value(row.p_value),
        row.keeps_99 or "",
        row.keeps_999 or "",
        "" if row.images_per_second is None else f"{row.images_per_second:,.1f}",
        f"{row.engine}, {row.arithmetic}",
    ]
    detail = details.get((row.network, row.weights, row.format, row.regime))
    note = " (preliminary)" if detail is not None and detail.record.preliminary else ""
    return f'<tr><th scope="row">{signed(row)}{note}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'


def signed(row: Row) -> str:
    """The format's sign in its colour, and its name."""
    chosen = look(row.format)
    title = Variant(row.network, row.weights, row.format, row.regime).title
    return f'<span aria-hidden="true" style="color: {chosen.colour}">{chosen.glyph}</span> {escape(title)}'


def two(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def p_value(value: float | None) -> str:
    return "" if value is None else "< 0.0001" if value < 0.0001 else f"{value:.4f}"
