"""The grid of the Compare page as HTML: a row for each network, a card for each number format.

One element for the whole grid, so that nothing jumps while answers arrive, and a swipe on a phone.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

from PIL import Image

from core.charts.style import look, size
from core.compare.changes import Move, box_iou, moves
from core.compare.records import Answer, Box
from core.errors import BitlensError
from core.models.catalog import architecture
from core.variant import Variant

GLYPHS = {"circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲", "triangle-down": "▼", "cross": "✚"}
ARROWS = {"up": "↑", "down": "↓", "same": "=", "new": "+"}
THUMBNAIL = 240
TOP = 5
ARITHMETIC = {
    "native": "Computed by torch's own kernels for this float type.",
    "integer": "Computed in integers, by an integer kernel.",
    "emulated": "The same numbers as integer hardware gives, computed in wider arithmetic: it has no speed of its own.",
}
Cell = Answer | BitlensError | None

STYLE = """
<style>
.bl-grid {display: grid; gap: .5rem; overflow-x: auto; scroll-snap-type: x proximity; padding-bottom: .4rem}
.bl-grid h3 {grid-column: 1 / -1; font-size: 1rem; margin: .5rem 0 0; position: sticky; left: 0; width: max-content}
.bl-card {border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: 6px; padding: .45rem .5rem;
  min-width: 0; scroll-snap-align: start; font-size: .8rem; line-height: 1.25; display: flex; flex-direction: column}
.bl-head {display: flex; justify-content: space-between; align-items: baseline; font-weight: 600; gap: .3rem}
.bl-head small, .bl-foot {font-weight: 400; font-size: .72rem; opacity: .8}
.bl-card ol {list-style: none; margin: .3rem 0; padding: 0}
.bl-card li {margin: 0 0 .28rem; padding: 0}
.bl-label {display: block; overflow-wrap: anywhere; min-height: 1.25em}
.bl-line {display: flex; align-items: center; gap: .3rem; font-variant-numeric: tabular-nums; font-size: .74rem}
.bl-bar {flex: 1; height: .4rem; border-radius: 2px; background: color-mix(in srgb, currentColor 14%, transparent)}
.bl-bar i {display: block; height: 100%; border-radius: 2px}
.bl-line b {font-weight: 600; min-width: 2.2em; text-align: right}
.bl-moved {display: flex; justify-content: space-between; font-size: .7rem; font-variant-numeric: tabular-nums;
  min-height: 1.2em; opacity: .85}
.bl-shot {position: relative; margin: .1rem 0 .35rem}
.bl-shot img {width: 100%; display: block; border-radius: 4px}
.bl-shot span {position: absolute; border: 2px solid; border-radius: 2px; box-shadow: 0 0 0 1px rgba(0,0,0,.6)}
.bl-shot span.bl-base {border: 1px dashed #fff; box-shadow: 0 0 0 1px rgba(0,0,0,.6)}
.bl-foot {margin-top: auto; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .5rem;
  font-variant-numeric: tabular-nums}
.bl-wait {opacity: .45}
.bl-sr {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap}
</style>
"""


def grid(rows: Mapping[str, Sequence[tuple[Variant, Cell]]], picture: Image.Image) -> str:
    """HTML of the grid: for each network its variants in order, each with its answer, its error, or None while it waits."""
    columns = max((len(cells) for cells in rows.values()), default=1)
    shot = _thumbnail(picture)
    parts = [STYLE, f'<div class="bl-grid" style="grid-template-columns: repeat({columns}, minmax(9.3rem, 1fr))">']
    for network, cells in rows.items():
        parts.append(f"<h3>{escape(architecture(network).title)}</h3>")
        baseline = next(
            (cell for variant, cell in cells if variant.format == "fp32" and isinstance(cell, Answer)), None
        )
        parts += [_card(variant, cell, baseline, shot, picture.size) for variant, cell in cells]
    return "".join([*parts, "</div>"])


def _thumbnail(picture: Image.Image) -> str:
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def _card(variant: Variant, cell: Cell, baseline: Answer | None, shot: str, full: tuple[int, int]) -> str:
    title, chosen = escape(variant.title), look(variant.format)
    glyph = f'<span aria-hidden="true" style="color: {chosen.colour}">{GLYPHS.get(chosen.marker, "✦")}</span>'
    bits = _bits(variant)
    label = f"{architecture(variant.network).title}, {title}"
    head = f'<div class="bl-head"><span>{glyph} {title}</span><small>{bits}</small></div>'
    if isinstance(cell, Answer):
        body = _answer(cell, baseline, shot, full, chosen.colour)
    elif cell is not None:
        body = f"<p>{escape(str(cell))}</p>"
    else:
        body = _waiting()
    busy = ' aria-busy="true"' if cell is None else ""
    return f'<article class="bl-card" aria-label="{escape(label)}"{busy}>{head}{body}</article>'


def _bits(variant: Variant) -> str:
    chosen = variant.number_format
    same = chosen.weight_bits == chosen.activation_bits
    return f"{chosen.weight_bits} bit" if same else f"{chosen.weight_bits}/{chosen.activation_bits} bit"


def _waiting() -> str:
    """A card of the final size, so that nothing moves when its answer comes."""
    line = (
        '<li class="bl-wait"><span class="bl-label">…</span><span class="bl-line"><span class="bl-bar"></span><b></b>'
    )
    return f'<ol>{(line + "</span><span class=bl-moved></span></li>") * TOP}</ol><div class="bl-foot">computing</div>'


def _answer(answer: Answer, baseline: Answer | None, shot: str, full: tuple[int, int], colour: str) -> str:
    compared = baseline if baseline is not None and baseline is not answer else None
    changes: Sequence[Move | None] = moves(answer, compared) if compared else [None] * len(answer.top)
    lines = [
        _guess(guess.label, guess.score, change, colour) for guess, change in zip(answer.top, changes, strict=True)
    ]
    return f"<ol>{''.join(lines)}</ol>{_shot(answer, compared, shot, full, colour)}{_foot(answer)}"


def _guess(label: str, score: float, change: Move | None, colour: str) -> str:
    bar = f'<span class="bl-bar"><i style="width: {100 * score:.1f}%; background: {colour}"></i></span>'
    moved = ""
    if change is not None:
        rank = ARROWS[change.direction]
        if change.direction in ("up", "down", "new"):
            rank += f" from {change.baseline_rank}"
        words = escape(change.words)
        moved = (
            f'<span aria-hidden="true">{rank}</span><span aria-hidden="true">{change.points:+.2f}</span>'
            f'<span class="bl-sr">{words}</span>'
        )
    return (
        f'<li><span class="bl-label">{escape(label)}</span><span class="bl-line">{bar}<b>{score:.2f}</b></span>'
        f'<span class="bl-moved">{moved}</span></li>'
    )


def _shot(answer: Answer, baseline: Answer | None, shot: str, full: tuple[int, int], colour: str) -> str:
    """The picture with the main object's box; FP32's box dashed under it, with the IoU of the two."""
    if answer.box is None:
        return ""
    base = _rectangle(baseline.box, full, "bl-base", "#fff") if baseline and baseline.box else ""
    words = f"The main object's box in {answer.variant.title}"
    iou = box_iou(answer.box, baseline.box) if baseline else None
    overlap = "" if iou is None else f'<div class="bl-foot"><span>box, IoU with FP32</span><b>{iou:.2f}</b></div>'
    image = f'<img src="{shot}" alt="{escape(words)}">'
    return f'<div class="bl-shot">{image}{base}{_rectangle(answer.box, full, "", colour)}</div>{overlap}'


def _rectangle(box: Box, full: tuple[int, int], kind: str, colour: str) -> str:
    x0, y0, x1, y1 = (100 * value / length for value, length in zip(box, (*full, *full), strict=True))
    place = f"left: {x0:.1f}%; top: {y0:.1f}%; width: {x1 - x0:.1f}%; height: {y1 - y0:.1f}%; border-color: {colour}"
    return f'<span class="{kind}" style="{place}"></span>'


def _foot(answer: Answer) -> str:
    time = f"{answer.milliseconds:.1f} ms" if answer.milliseconds is not None else "no speed"
    meaning = ARITHMETIC.get(answer.arithmetic, "")
    wait = f"waited {answer.elapsed_ms:.0f} ms"
    extra = "<span>preliminary</span>" if answer.preliminary else ""
    return (
        f'<div class="bl-foot"><span title="{escape(meaning)}">{answer.arithmetic}</span><span>{time}</span>'
        f"<span>{wait}</span><span>{size(answer.weight_bytes)}</span>{extra}</div>"
    )
