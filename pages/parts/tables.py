"""Tables of figures as HTML: right-aligned, in groups of rows, with a caption; wide ones scroll by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import compress

from core.charts.style import look

STYLE = """<style>
.bl-scroll {position: relative; overflow-x: auto; padding-bottom: .3rem}
.bl-table {border-collapse: collapse; width: 100%; font-size: .8rem; font-variant-numeric: tabular-nums}
.bl-caption {font-size: .85rem; margin: 0 0 .4rem; opacity: .9}
.bl-table caption {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)}
.bl-wide {container: wide / inline-size}
.bl-swipe {display: none; margin: 0; font-size: .8rem; opacity: .85}
.bl-table th, .bl-table td {padding: .26rem .4rem; text-align: right; white-space: nowrap; font-size: inherit;
  border-bottom: 1px solid color-mix(in srgb, currentColor 16%, transparent)}
.bl-table thead th {font-weight: 600; vertical-align: bottom; border-bottom-width: 2px}
.bl-table th:first-child, .bl-table .bl-left {text-align: left}
.bl-table tbody th {font-weight: 500}
.bl-table th.bl-group {font-weight: 600; padding-top: .7rem; text-align: left}
.bl-table .bl-range {opacity: .85}
</style>"""
COLUMN = 4.4  # rem, on average
Line = Sequence[str]


def html(caption: str, headings: Mapping[str, str], groups: Mapping[str, Sequence[Line]]) -> str:
    """`headings` are the columns with a sentence each; `groups` have lines by title, none where it is empty.

    A line's first cell is HTML, as `signed` makes it; the others are text.
    """
    heads = "".join(f'<th scope="col" title="{escape(words)}">{escape(name)}</th>' for name, words in headings.items())
    body = "".join(_group(title, lines, len(headings)) for title, lines in groups.items())
    return (
        f'{STYLE}{_hint(len(headings))}<div class="bl-wide"><p class="bl-caption" aria-hidden="true">{escape(caption)}</p>'
        f'<p class="bl-swipe" aria-hidden="true">More columns to the right: swipe or scroll. →</p>'
        f'<div class="bl-scroll" role="region" tabindex="0" aria-label="{escape(caption)}"><table class="bl-table">'
        f"<caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>{body}</table></div></div>"
    )


def filled(
    headings: Mapping[str, str], groups: Mapping[str, Sequence[Line]]
) -> tuple[dict[str, str], dict[str, list[list[str]]]]:
    """Without the columns that are empty in all lines, of which there is one at least."""
    lines = [line for group in groups.values() for line in group]
    kept = [any(line[column] for line in lines) for column in range(len(headings))]
    shown = {title: [list(compress(line, kept)) for line in group] for title, group in groups.items()}
    return dict(compress(headings.items(), kept)), shown


def _hint(columns: int) -> str:
    """Shown where there is hardly room for all columns: a phone shows no bar that says that there is more."""
    rule = f"@container wide (max-width: {columns * COLUMN:.1f}rem) {{.bl-swipe {{display: block}}}}"
    return f"<style>{rule}</style>"


def signed(format: str, title: str) -> str:
    """A format's sign in its colour, and the title."""
    chosen = look(format)
    return f'<span aria-hidden="true" style="color: {chosen.colour}">{chosen.glyph}</span> {escape(title)}'


def two(value: float | None) -> str:
    """With two decimals; empty where there is none."""
    return "" if value is None else f"{value:.2f}"


def _group(title: str, lines: Sequence[Line], columns: int) -> str:
    head = f'<tr><th class="bl-group" scope="rowgroup" colspan="{columns}">{escape(title)}</th></tr>' if title else ""
    return f"<tbody>{head}{''.join(_line(line) for line in lines)}</tbody>"


def _line(line: Line) -> str:
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in line[1:])
    return f'<tr><th scope="row">{line[0]}</th>{cells}</tr>'
