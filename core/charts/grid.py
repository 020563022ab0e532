"""A comparison as one PNG picture: networks down, number formats across, drawn by Pillow with its built-in font."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from core.charts.ink import LINE, MUTED, PAPER, Pen
from core.charts.style import NEUTRAL, columns, look, size
from core.compare.changes import Move, baseline_of, box_iou, moves, tied
from core.compare.records import Answer, Box, Guess
from core.models.catalog import architecture

# All in pixels. A column holds the widest labels in use, "white-headed capuchin", beside a score.
COLUMN, LEFT, MARGIN, GAP = 232, 128, 24, 16
TITLE, HEAD, GUESS, FACT = 64, 46, 38, 18
THUMBNAIL, FOOTER, LETTER = 120, 124, 7
LINES = 4  # of the footer's facts
NARROWEST = 1060  # what the footer takes
KEY = "Triangle: rank up or down against FP32. Dash: same rank. Plus: new in the list. Signed numbers: points."
BOX_KEY = " Boxes: the format's colour, over FP32's in grey."


def to_png(picture: Image.Image, answers: Sequence[Answer], environment: Mapping[str, Any], title: str = "") -> bytes:
    """One picture's answers as a grid. The boxes are in the pixels of `picture`; `title` is, say, the file's name."""
    networks = list(dict.fromkeys(answer.variant.network for answer in answers))
    titles = columns(answer.variant for answer in answers)
    rows = [_Row.of([answer for answer in answers if answer.variant.network == network]) for network in networks]
    width = max(NARROWEST, 2 * MARGIN + LEFT + COLUMN * len(titles))
    height = TITLE + HEAD + sum(row.height for row in rows) + FOOTER
    image = Image.new("RGB", (width, height), PAPER)
    pen = Pen(ImageDraw.Draw(image))
    pen.text((MARGIN, 20), f"Bitlens: {title or 'one picture in several number formats'}", 22, room=width - 2 * MARGIN)
    _heads(pen, answers, titles)
    top, small = TITLE + HEAD, _Thumbnail.of(picture)
    for row in rows:
        _draw_row(image, pen, row, titles, small, top)
        top += row.height
    _footer(pen, rows, environment, top, width)
    return _bytes(image)


@dataclass(frozen=True)
class _Row:
    """One network's answers and the height they need."""

    answers: Sequence[Answer]
    height: int
    boxed: bool

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> _Row:
        boxed = any(answer.box for answer in answers)
        guesses = max(len(answer.top) for answer in answers)
        return cls(answers, 2 * GAP + GUESS * guesses + 2 * FACT + boxed * (THUMBNAIL + FACT + GAP), boxed)


def _left(column: int) -> int:
    return MARGIN + LEFT + COLUMN * column


def _heads(pen: Pen, answers: Sequence[Answer], titles: Sequence[str]) -> None:
    variants = {answer.variant.title: answer.variant for answer in answers}
    for column, title in enumerate(titles):
        x, chosen = _left(column), variants[title].number_format
        same = chosen.weight_bits == chosen.activation_bits
        bits = f"{chosen.weight_bits} bit" if same else f"{chosen.weight_bits}/{chosen.activation_bits} bit"
        pen.draw.rectangle((x, TITLE, x + COLUMN - GAP, TITLE + 5), fill=look(chosen.name).colour)
        if variants[title].regime != "raw":
            frame = (x - 4, TITLE - 4, x + COLUMN - GAP + 4, TITLE + HEAD - 6)
            pen.draw.rectangle(frame, outline=look(chosen.name).colour, width=2)
        pen.text((x, TITLE + 13), title, 18)
        pen.text((x + COLUMN - GAP, TITLE + 16), bits, 13, MUTED, anchor="ra")


def _draw_row(image: Image.Image, pen: Pen, row: _Row, titles: Sequence[str], small: _Thumbnail, top: int) -> None:
    pen.draw.line((MARGIN, top, image.width - MARGIN, top), fill=LINE)
    pen.text((MARGIN, top + GAP), architecture(row.answers[0].variant.network).title, 18, room=LEFT - 8)
    baseline = baseline_of(row.answers)
    found = {answer.variant.title: answer for answer in row.answers}
    for column, title in enumerate(titles):
        x, y = _left(column), top + GAP
        if title not in found:
            pen.text((x, y), "not run", 15, MUTED)
            continue
        y = _guesses(pen, found[title], baseline, x, y)
        y = _facts(pen, found[title], x, y)
        if row.boxed:
            image.paste(_boxes(pen, small, found[title], baseline, (x, y)), (x, y + 6))


def _guesses(pen: Pen, answer: Answer, baseline: Answer | None, x: int, y: int) -> int:
    compared = baseline is not None and answer is not baseline
    against = moves(answer, baseline) if compared and baseline else [None] * len(answer.top)
    ties = tied(answer)
    for guess, move in zip(answer.top, against, strict=True):
        score = f"{'tie ' if guess.class_index in ties else ''}{guess.score:.2f}"
        _guess(pen, guess, score, move, look(answer.variant.format).colour, (x, y))
        y += GUESS
    return y


def _guess(pen: Pen, guess: Guess, score: str, move: Move | None, colour: str, at: tuple[int, int]) -> None:
    """Two lines: arrow, label and score; below them the bar of the score, and its change in points."""
    (x, y), right = at, at[0] + COLUMN - GAP
    if move:
        pen.arrow((x + 5, y + 9), move.direction)
    pen.text((x + 16, y), guess.label, 15, room=COLUMN - GAP - 16 - 11 * len(score))
    pen.text((right, y), score, 15, anchor="ra")
    bar = (x + 16, y + 22, right - 56, y + 28)
    pen.draw.rectangle(bar, fill=LINE)
    if reached := round(guess.score * (bar[2] - bar[0])):
        pen.draw.rectangle((bar[0], bar[1], bar[0] + reached, bar[3]), fill=colour)
    if move:
        pen.text((right, y + 18), f"{move.points:+.2f}", 13, MUTED, anchor="ra")


def _facts(pen: Pen, answer: Answer, x: int, y: int) -> int:
    """How it was computed, how fast, and how much the weights take."""
    time = f"waited {answer.elapsed_ms:.2f} ms" if answer.milliseconds is None else f"{answer.milliseconds:.2f} ms"
    early = ", preliminary" if answer.preliminary else ""
    pen.text((x, y), f"{answer.arithmetic}, {time}", 13, MUTED)
    pen.text((x, y + FACT), f"weights {size(answer.weight_bytes)}{early}", 13, MUTED)
    return y + 2 * FACT


@dataclass(frozen=True)
class _Thumbnail:
    """The picture made small once, and by how much."""

    image: Image.Image
    scale: float

    @classmethod
    def of(cls, picture: Image.Image) -> _Thumbnail:
        small = ImageOps.contain(picture.convert("RGB"), (COLUMN - GAP, THUMBNAIL))
        return cls(small, small.width / picture.width)


def _boxes(pen: Pen, small: _Thumbnail, answer: Answer, baseline: Answer | None, at: tuple[int, int]) -> Image.Image:
    """The picture with the format's box over FP32's; below its place, how much they overlap."""
    image = small.image.copy()
    drawn = ImageDraw.Draw(image)
    reference = baseline.box if baseline else None
    for box, colour in ((reference, NEUTRAL), (answer.box, look(answer.variant.format).colour)):
        if box:
            _outline(drawn, box, small.scale, colour)
    overlap = box_iou(answer.box, reference)
    if overlap is not None and answer is not baseline:
        pen.text((at[0], at[1] + THUMBNAIL + 10), f"box IoU {overlap:.2f} with FP32's", 13, MUTED)
    return image


def _outline(drawn: ImageDraw.ImageDraw, box: Box, scale: float, colour: str) -> None:
    """White under the colour, so that the line is seen on any picture. The box may be empty or upside down."""
    x0, x1 = sorted((box[0] * scale, box[2] * scale))
    y0, y1 = sorted((box[1] * scale, box[3] * scale))
    drawn.rectangle((x0, y0, x1, y1), outline=PAPER, width=4)
    drawn.rectangle((x0, y0, x1, y1), outline=colour, width=2)


def _footer(pen: Pen, rows: Sequence[_Row], environment: Mapping[str, Any], top: int, width: int) -> None:
    room = width - 2 * MARGIN
    pen.draw.line((MARGIN, top, width - MARGIN, top), fill=LINE)
    pen.text((MARGIN, top + 10), KEY + (BOX_KEY if any(row.boxed for row in rows) else ""), 13, MUTED, room=room)
    for line, text in enumerate(textwrap.wrap(_provenance(rows, environment), room // LETTER)[:LINES]):
        pen.text((MARGIN, top + 32 + 20 * line), text, 13, MUTED, room=room)


def _provenance(rows: Sequence[_Row], environment: Mapping[str, Any]) -> str:
    answers = [answer for row in rows for answer in row.answers]
    weights = ", ".join(dict.fromkeys(answer.variant.weights_name for answer in answers))
    calibrated, retrained = (
        "; ".join(sorted({getattr(answer, how) for answer in answers} - {""})) for how in ("calibrated", "retrained")
    )
    known = [f"{name} {value}" for name, value in environment.items() if value is not None]
    crop = answers[0].crop
    return " · ".join(
        [
            f"picture {answers[0].image_sha256[:12]}, crop {crop.x:.2f} {crop.y:.2f} {crop.size:.2f}",
            f"weights {weights}",
            *([f"calibrated by {calibrated}"] if calibrated else []),
            *([f"retrained {retrained}"] if retrained else []),
            *known,
        ]
    )


def _bytes(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()
