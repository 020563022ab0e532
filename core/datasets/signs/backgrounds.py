"""What is behind the signs: streets, trees, walls, skies and clutter, drawn anew for each picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.datasets.signs.difficulty import Rng, between, chance, whole

Colour = tuple[int, int, int]
Pixels = NDArray[np.float32]

SKIES: tuple[Colour, ...] = ((110, 160, 215), (150, 185, 220), (200, 205, 210), (225, 215, 200), (120, 125, 135))
GREENS: tuple[Colour, ...] = ((50, 85, 40), (85, 110, 50), (40, 65, 35), (120, 120, 60), (110, 80, 45))
WALLS: tuple[Colour, ...] = (
    (165, 90, 70),
    (190, 170, 140),
    (150, 150, 148),
    (215, 205, 190),
    (95, 85, 80),
    (120, 130, 145),
)
ROADS: tuple[Colour, ...] = ((90, 90, 92), (70, 70, 74), (120, 116, 110), (135, 130, 125))


def background(rng: Rng, side: int) -> Pixels:
    """[side, side, 3], from 0 to 255."""
    kind = KINDS[int(rng.random() * len(KINDS))]
    values = np.asarray(kind(rng, side), np.float32)
    broad = clouds(rng, side, whole(rng, (2, 6)))
    fine = clouds(rng, side, side // whole(rng, (2, 8)), 3 if chance(rng, 0.3) else 1)
    return np.asarray(values + between(rng, (0, 60)) * (broad - 0.5) + between(rng, (5, 40)) * (fine - 0.5), np.float32)


def clouds(rng: Rng, side: int, cells: int, channels: int = 1) -> Pixels:
    """Smooth noise from 0 to 1, [side, side, channels], with so many cells to a side."""
    coarse = rng.integers(0, 256, (cells, cells, channels), np.uint8)
    image = Image.fromarray(coarse if channels == 3 else coarse[:, :, 0])
    smooth = np.asarray(image.resize((side, side), Image.Resampling.BICUBIC), np.float32) / np.float32(255)
    return smooth.reshape(side, side, channels)


def varied(rng: Rng, colours: tuple[Colour, ...], spread: int = 25) -> Colour:
    """One of the colours, each of its parts moved by up to `spread`."""
    red, green, blue = colours[int(rng.random() * len(colours))]
    shift = (2 * spread * (rng.random(3) - 0.5)).astype(int).tolist()
    return (_byte(red + shift[0]), _byte(green + shift[1]), _byte(blue + shift[2]))


def _byte(value: int) -> int:
    return min(max(value, 0), 255)


def _gradient(side: int, top: Colour, bottom: Colour) -> Image.Image:
    share = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
    rows = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
    return Image.fromarray(np.broadcast_to(rows, (side, side, 3)).astype(np.uint8))


def _street(rng: Rng, side: int) -> Image.Image:
    image = _gradient(side, varied(rng, SKIES), varied(rng, SKIES))
    pen, horizon = ImageDraw.Draw(image), side * between(rng, (0.45, 0.95))
    for _ in range(whole(rng, (0, 5))):
        _building(rng, pen, side, horizon)
    for _ in range(whole(rng, (0, 4))):
        _tree(rng, pen, side, horizon)
    _road(rng, pen, side, horizon)
    for _ in range(whole(rng, (0, 3))):
        _car(rng, pen, side, horizon)
    return image


def _building(rng: Rng, pen: ImageDraw.ImageDraw, side: int, horizon: float) -> None:
    left, width = side * between(rng, (-0.3, 0.9)), side * between(rng, (0.2, 0.7))
    top, colour = horizon - side * between(rng, (0.2, 0.9)), varied(rng, WALLS)
    pen.rectangle((left, top, left + width, horizon), fill=colour)
    pane, columns, storey = varied(rng, SKIES + ROADS), whole(rng, (2, 4)), side * between(rng, (0.12, 0.25))
    for column in range(columns):
        x = left + width * (column + 0.25) / columns
        for row in range(4):
            y = top + storey * (row + 0.3)
            pen.rectangle(
                (x, y, x + width / columns / 2, min(y + storey / 2, horizon)), fill=pane
            ) if y < horizon else None


def _tree(rng: Rng, pen: ImageDraw.ImageDraw, side: int, horizon: float) -> None:
    x, size = side * rng.random(), side * between(rng, (0.15, 0.4))
    pen.rectangle((x - size / 12, horizon - size, x + size / 12, horizon), fill=(70, 55, 40))
    for u, v, r in rng.random((6, 3)).tolist():
        cx, cy, reach = x + size * (u - 0.5), horizon - size * (0.8 + 0.8 * v), size * (0.2 + 0.25 * r)
        pen.ellipse((cx - reach, cy - reach, cx + reach, cy + reach), fill=varied(rng, GREENS, 15))


def _road(rng: Rng, pen: ImageDraw.ImageDraw, side: int, horizon: float) -> None:
    pen.rectangle((0, horizon, side, side), fill=varied(rng, GREENS + ROADS))
    vanish, left = side * rng.random(), side * between(rng, (-1, 0.6))
    right = left + side * between(rng, (0.5, 1.5))
    pen.polygon([(vanish, horizon), (right, side), (left, side)], fill=varied(rng, ROADS, 10))
    middle = (left + right) / 2
    pen.line([(vanish, horizon), (middle, side)], fill=(215, 215, 205), width=max(1, side // 40))


def _car(rng: Rng, pen: ImageDraw.ImageDraw, side: int, horizon: float) -> None:
    x, y, long = (
        side * between(rng, (-0.1, 0.9)),
        horizon + side * between(rng, (0, 0.15)),
        side * between(rng, (0.12, 0.35)),
    )
    colour = varied(rng, WALLS + SKIES + ((170, 30, 35), (35, 60, 120)))
    high = long / 5
    pen.polygon(
        [(x + long * share, y - high * up) for share, up in ((0.2, 1), (0.3, 2), (0.7, 2), (0.85, 1))],
        fill=(45, 50, 60),
    )
    pen.rectangle((x, y - high, x + long, y), fill=colour)
    for middle in (x + 0.22 * long, x + 0.78 * long):
        pen.ellipse((middle - high / 2, y - high / 2, middle + high / 2, y + high / 2), fill=(30, 30, 32))


def _leaves(rng: Rng, side: int) -> Image.Image:
    share = (clouds(rng, side, whole(rng, (4, 12))) + clouds(rng, side, side // whole(rng, (3, 6)))) / 2
    first, second = (np.array(varied(rng, GREENS), np.float32) for _ in range(2))
    return Image.fromarray((first * share + second * (1 - share)).astype(np.uint8))


def _sky(rng: Rng, side: int) -> Image.Image:
    return _gradient(side, varied(rng, SKIES), varied(rng, SKIES))


def _wall(rng: Rng, side: int) -> Image.Image:
    """Courses of bricks or slabs, each a little different."""
    image = Image.new("RGB", (side, side), varied(rng, ROADS + WALLS))
    pen, base = ImageDraw.Draw(image), (varied(rng, WALLS),)
    high = max(5, side * between(rng, (0.08, 0.3)))
    wide = high * between(rng, (1.2, 2.6))
    for row in range(int(side / high) + 1):
        for column in range(int(side / wide) + 2):
            x, y = (column - 0.5 * (row % 2)) * wide, row * high
            pen.rectangle((x, y, x + wide - 2, y + high - 2), fill=varied(rng, base, 10))
    return image


def _clutter(rng: Rng, side: int) -> Image.Image:
    """Shop fronts, posters and parked cars come down to areas of strong colour."""
    image = Image.new("RGB", (side, side), varied(rng, WALLS + ROADS))
    pen = ImageDraw.Draw(image)
    for x, y, w, h, red, green, blue in rng.random((whole(rng, (5, 12)), 7)).tolist():
        colour = (int(50 + 160 * red), int(50 + 160 * green), int(50 + 160 * blue))
        box = (side * (x - 0.2), side * (y - 0.2), side * (x + 0.6 * w), side * (y + 0.5 * h))
        (pen.ellipse if red < 0.25 else pen.rectangle)(box, fill=colour)
    return image


KINDS: tuple[Callable[[Rng, int], Image.Image], ...] = (_street, _street, _street, _leaves, _sky, _wall, _clutter)
