"""The grid of the Compare page as HTML: a row for each network, a card for each number format.

One element for the whole grid, so that nothing jumps while answers arrive, and a swipe on a phone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from PIL import Image

from core.charts.style import columns, duration, look, size
from core.compare.changes import Move, baseline_of, box_iou, moves, tied
from core.compare.records import Answer, Box, Guess
from core.errors import BitlensError
from core.images.draw import data_uri, shrink
from core.models.catalog import architecture
from core.variant import Variant

ARROWS = {"up": "↑", "down": "↓", "same": "=", "new": "+"}
THUMBNAIL = 240
TOP = 5
ARITHMETIC = {
    "native": "Computed by torch's own kernels for this float type.",
    "integer": "Computed in integers, by an integer kernel.",
    "emulated": "The same numbers as integer hardware gives, computed in wider arithmetic: it has no speed of its own.",
}
TIE = '<span class="bl-small" title="Another class has the same score: the order says nothing.">tie </span>'
WAITED = (
    "From the request to the answer when it was computed, loading and queue included; a repeated view has it at once."
)
EMPTY_ROW = '<div class="bl-row bl-small">&nbsp;</div>'
Cell = Answer | BitlensError | None

WIDTH, GAP = 8.1, 0.45  # of a card and between cards, in rem

STYLE = """
.bl-frame {container: bl / inline-size}
.bl-grid {position: relative; display: grid; gap: .45rem; overflow-x: auto; scroll-snap-type: x proximity; padding-bottom: .4rem}
.bl-grid h2 {grid-column: 1 / -1; font-size: 1rem; padding: 0; margin: .4rem 0 0; position: sticky; left: 0;
  width: max-content}
.bl-card {position: relative;
  border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: 6px; padding: .4rem .45rem;
  min-width: 0; scroll-snap-align: start; font-size: .8rem; line-height: 1.3; display: flex; flex-direction: column}
.bl-card div, .bl-card span, .bl-card b {font-size: inherit}
.bl-row {display: flex; justify-content: space-between; align-items: baseline; gap: .35rem;
  font-variant-numeric: tabular-nums}
.bl-head {font-weight: 600; white-space: nowrap}
.bl-gap {border: 1px dashed color-mix(in srgb, currentColor 22%, transparent); border-radius: 6px; padding: .4rem .45rem;
  font-size: .7rem; opacity: .85; min-width: 0; scroll-snap-align: start}
.bl-card .bl-regime {font-size: .7rem; font-weight: 600; letter-spacing: .04em}
.bl-card .bl-small {font-weight: 400; font-size: .7rem; opacity: .85}
.bl-card ol {list-style: none; margin: .25rem 0; padding: 0}
.bl-card li {margin: 0 0 .3rem; padding: 0; font-size: .78rem}
.bl-label {overflow: hidden; text-overflow: ellipsis; white-space: nowrap}
.bl-score {white-space: nowrap}
.bl-hint {display: none; margin: 0; font-size: .8rem; opacity: .85}
.bl-bar {display: block; height: .3rem; border-radius: 2px; background: color-mix(in srgb, currentColor 14%, transparent)}
.bl-bar i {display: block; height: 100%; border-radius: 2px}
.bl-moved {min-height: 1.3em}
.bl-shot {position: relative; margin: .1rem 0 .2rem; border-radius: 4px; background-size: 100% 100%}
.bl-shot span {position: absolute; border: 2px solid; border-radius: 2px; box-shadow: 0 0 0 1px rgba(0,0,0,.6)}
.bl-shot span.bl-base {border: 1px dashed #fff}
.bl-foot {margin-top: auto}
.bl-wait {opacity: .45}
.bl-sr {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap}
"""


def style(picture: Image.Image) -> str:
    """The grid's style sheet, with the picture that its cards show: sent once, and not with each of them."""
    small = data_uri(shrink(picture, THUMBNAIL), "JPEG")
    shot = f".bl-shot {{aspect-ratio: {picture.width} / {picture.height}; background-image: url({small})}}"
    return f"<style>{STYLE}{shot}</style>"


def grid(rows: Mapping[str, Sequence[tuple[Variant, Cell]]], full: tuple[int, int], boxed: bool) -> str:
    """HTML of the grid: for each network its variants in order, each with its answer, its error, or None while it waits.

    `full` is the picture's width and height; `boxed` says whether the networks find the main object's box.
    """
    titles = columns(variant for cells in rows.values() for variant, _ in cells)
    mixed = any(variant.regime != "raw" for cells in rows.values() for variant, _ in cells)
    parts = [
        f'<div class="bl-sr" role="status">{_progress(rows)}</div>{_hint(len(titles))}',
        '<div class="bl-grid" role="region" tabindex="0" aria-label="Answers, by network and number format" '
        f'style="grid-template-columns: repeat({len(titles) or 1}, minmax({WIDTH}rem, 1fr))">',
    ]
    for network, cells in rows.items():
        parts.append(f"<h2>{escape(architecture(network).title)}</h2>")
        parts += _row(cells, titles, mixed, full, boxed)
    return f'<div class="bl-frame">{"".join(parts)}</div></div>'


def _row(
    cells: Sequence[tuple[Variant, Cell]], titles: Sequence[str], mixed: bool, full: tuple[int, int], boxed: bool
) -> Iterator[str]:
    """One network's cards under the titles of all, with a word where it has none."""
    baseline = baseline_of(cell for _, cell in cells if isinstance(cell, Answer))
    found = {variant.title: (variant, cell) for variant, cell in cells}
    for column, title in enumerate(titles, 1):
        if title in found:
            variant, cell = found[title]
            yield _card(variant, column, mixed, _body(variant, cell, baseline, full, boxed), cell is None)
        else:
            yield f'<div class="bl-gap" style="grid-column: {column}">{escape(title)} is not here.</div>'


def _hint(columns: int) -> str:
    """Shown where the grid is too narrow for all cards: a phone shows no bar that says that there is more."""
    needed = (WIDTH + GAP) * columns - GAP
    rule = f"@container bl (max-width: {needed:.2f}rem) {{.bl-frame .bl-hint {{display: block}}}}"
    return (
        f'<style>{rule}</style><p class="bl-hint" aria-hidden="true">More formats to the right: swipe or scroll. →</p>'
    )


def _progress(rows: Mapping[str, Sequence[tuple[Variant, Cell]]]) -> str:
    """For people who listen: where things stand, told when it changes."""
    cells = [cell for row in rows.values() for _, cell in row]
    failed = sum(isinstance(cell, BitlensError) for cell in cells)
    there = f"{sum(isinstance(cell, Answer) for cell in cells)} of {len(cells)} answers are there"
    return f"{there}, {failed} could not be computed." if failed else f"{there}."


def _card(variant: Variant, column: int, mixed: bool, body: str, busy: bool) -> str:
    """`mixed` says that there are RE-TRAIN cards among the others: then each says its regime."""
    chosen, retrained = look(variant.format), variant.regime != "raw"
    glyph = f'<span aria-hidden="true" style="color: {chosen.colour}">{chosen.glyph}</span>'
    title, small = escape(variant.number_format.title), f'<span class="bl-small">{_bits(variant)}</span>'
    head = f'<div class="bl-row bl-head"><span>{glyph} {title}</span>{small}</div>'
    if mixed:
        head += f'<div class="bl-row bl-regime"><span>{"RE-TRAIN" if retrained else "RAW"}</span></div>'
    label = escape(f"{architecture(variant.network).title}, {variant.title}")
    # A shadow, since a thicker border would move what is inside out of line with the other cards.
    frame = f"; border-color: {chosen.colour}; box-shadow: inset 0 0 0 1px {chosen.colour}" if retrained else ""
    waits = ' aria-busy="true"' if busy else ""
    return f'<article class="bl-card" style="grid-column: {column}{frame}" aria-label="{label}"{waits}>{head}{body}</article>'


def _body(variant: Variant, cell: Cell, baseline: Answer | None, full: tuple[int, int], boxed: bool) -> str:
    if isinstance(cell, Answer):
        return _answer(cell, baseline, full, look(variant.format).colour)
    return _waiting(boxed) if cell is None else f"<p>{escape(str(cell))}</p>"


def _bits(variant: Variant) -> str:
    chosen = variant.number_format
    same = chosen.weight_bits == chosen.activation_bits
    return f"{chosen.weight_bits} bit" if same else f"{chosen.weight_bits}/{chosen.activation_bits} bit"


def _waiting(boxed: bool) -> str:
    """A card of the final size, so that nothing moves when its answer comes."""
    moved = '<div class="bl-row bl-moved bl-small"></div>'
    line = f'<li class="bl-wait"><div class="bl-row">…</div><span class="bl-bar"></span>{moved}</li>'
    shot = f'<div class="bl-shot bl-wait"></div>{EMPTY_ROW}' if boxed else ""
    return (
        f'<ol>{line * TOP}</ol>{shot}<div class="bl-foot bl-small"><div class="bl-row">computing</div>{EMPTY_ROW}</div>'
    )


def _answer(answer: Answer, baseline: Answer | None, full: tuple[int, int], colour: str) -> str:
    compared = baseline if baseline is not None and baseline is not answer else None
    changes: Sequence[Move | None] = moves(answer, compared) if compared else [None] * len(answer.top)
    ties = tied(answer)
    lines = [
        _guess(guess, guess.class_index in ties, change, colour)
        for guess, change in zip(answer.top, changes, strict=True)
    ]
    return f"<ol>{''.join(lines)}</ol>{_shot(answer, compared, full, colour)}{_foot(answer)}"


def _guess(guess: Guess, tie: bool, change: Move | None, colour: str) -> str:
    name = f'<span class="bl-label" title="{escape(guess.label)}">{escape(guess.label)}</span>'
    score = f"{TIE if tie else ''}<b>{guess.score:.2f}</b>"
    bar = f'<span class="bl-bar"><i style="width: {100 * guess.score:.1f}%; background: {colour}"></i></span>'
    moved = _moved(change) if change is not None else ""
    head = f'<div class="bl-row">{name}<span class="bl-score">{score}</span></div>'
    return f'<li>{head}{bar}<div class="bl-row bl-moved bl-small">{moved}</div></li>'


def _moved(change: Move) -> str:
    """Arrow and points for the eye, a sentence for the ear."""
    rank = ARROWS[change.direction] + ("" if change.direction == "same" else f" from {change.baseline_rank}")
    return (
        f'<span aria-hidden="true">{rank}</span><span aria-hidden="true">{change.points:+.2f}</span>'
        f'<span class="bl-sr">{escape(change.words)}</span>'
    )


def _shot(answer: Answer, baseline: Answer | None, full: tuple[int, int], colour: str) -> str:
    """The picture with the main object's box; FP32's box dashed under it, with the IoU of the two."""
    if answer.box is None:
        return ""
    base = _rectangle(baseline.box, full, "bl-base", "#fff") if baseline and baseline.box else ""
    words = f"The main object's box in {answer.variant.title}: {_place(answer.box, full)}"
    iou = box_iou(answer.box, baseline.box) if baseline else None
    compared = "box" if iou is None else f"<span>IoU with FP32</span><b>{iou:.2f}</b>"
    found = _rectangle(answer.box, full, "", colour)
    shot = f'<div class="bl-shot" role="img" aria-label="{escape(words)}">{base}{found}</div>'
    return f'{shot}<div class="bl-row bl-small">{compared}</div>'


def _shares(box: Box, full: tuple[int, int]) -> list[float]:
    """x0, y0, x1, y1 in percent of the picture's width and height."""
    return [100 * value / length for value, length in zip(box, (*full, *full), strict=True)]


def _place(box: Box, full: tuple[int, int]) -> str:
    x0, y0, x1, y1 = _shares(box, full)
    return f"from {x0:.0f} to {x1:.0f} % of the width and {y0:.0f} to {y1:.0f} % of the height"


def _rectangle(box: Box, full: tuple[int, int], kind: str, colour: str) -> str:
    x0, y0, x1, y1 = _shares(box, full)
    place = f"left: {x0:.1f}%; top: {y0:.1f}%; width: {x1 - x0:.1f}%; height: {y1 - y0:.1f}%; border-color: {colour}"
    return f'<span class="{kind}" style="{place}"></span>'


def _foot(answer: Answer) -> str:
    """How it was computed, how fast the format is, how long the answer took, how much its weights take."""
    time = f"{answer.milliseconds:.1f} ms" if answer.milliseconds is not None else "no speed"
    kind = f'<span title="{escape(ARITHMETIC.get(answer.arithmetic, ""))}">{escape(answer.arithmetic)}</span>'
    retrained = f' title="Retrained: {escape(answer.retrained)}."' if answer.retrained else ""
    early = '<div class="bl-row">preliminary</div>' if answer.preliminary else ""
    return (
        f'<div class="bl-foot bl-small"{retrained}>{early}<div class="bl-row">{kind}<span>{time}</span></div>'
        f'<div class="bl-row"><span title="{WAITED}">waited {duration(answer.elapsed_ms)}</span>'
        f"<span>{size(answer.weight_bytes)}</span>"
        "</div></div>"
    )
