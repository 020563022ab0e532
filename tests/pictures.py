"""The table of odd and hostile picture files: what each must look like once decoded, or why it is refused."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from PIL import Image

from tests.picture_files import (
    BLACK,
    BLUE,
    CORNERS,
    GREEN,
    HEIGHT,
    LOSSLESS,
    RED,
    WHITE,
    WIDTH,
    Corners,
    animation,
    bomb,
    broken_exif,
    chunk,
    cmyk,
    cut,
    deflated,
    green_alpha,
    green_key,
    greys,
    huge,
    jpeg,
    located,
    many_scans,
    paletted,
    photo,
    png,
    quarters,
    saved,
    see_through,
    sixteen_bit,
    stored,
    tall,
    tiff,
    tiled,
    with_orientation,
)


@dataclass(frozen=True)
class Readable:
    """A file that must be shown: its upright size, and the colour in the middle of each quarter (reading order)."""

    name: str
    build: Callable[[], bytes] = field(repr=False)
    corners: Corners = CORNERS
    size: tuple[int, int] = (WIDTH, HEIGHT)
    note: str = ""
    tolerance: int = 0


@dataclass(frozen=True)
class Refused:
    """A file that must be answered with a sentence that has `says` in it."""

    name: str
    build: Callable[[], bytes] = field(repr=False)
    says: str


SEEN_THROUGH = (RED, WHITE, (127, 127, 127), WHITE)
GREEN_THROUGH = (RED, WHITE, BLUE, WHITE)
STRETCHED = "stretched from the darkest"
FIRST = "first frame"
DEEP = (0, 257, 128 * 257, 65_535)
DEEP_COLOURS = quarters().astype(np.uint16) * 257
GREY = (BLACK, (1, 1, 1), (128, 128, 128), WHITE)
# The luminance that ITU-R BT.601 gives red, green, blue and white.
LUMINANCE = ((76,) * 3, (150,) * 3, (29,) * 3, WHITE)

READABLE = (
    Readable("photo.jpg", lambda: jpeg(photo()), tolerance=3),
    Readable("progressive.jpg", lambda: jpeg(photo(), progressive=True), tolerance=3),
    *(Readable(f"photo.{format.lower()}", partial(saved, photo(), format)) for format in LOSSLESS),
    Readable("photo.webp", lambda: saved(photo(), "WEBP", lossless=True)),
    Readable("in fact a png.jpg", lambda: saved(photo(), "PNG")),
    Readable("in fact a jpeg.gif", lambda: jpeg(photo()), tolerance=3),
    *(
        Readable(f"animated.{format.lower()}", partial(animation, format), note=FIRST)
        for format in ("GIF", "PNG", "WEBP")
    ),
    Readable("pages.tif", lambda: animation("TIFF"), note=FIRST),
    Readable(
        "with preview.jpg",
        lambda: jpeg(photo(), format="MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))]),
        tolerance=3,
    ),
    Readable("cmyk.jpg", lambda: cmyk("JPEG"), tolerance=3),
    Readable("cmyk.tif", lambda: cmyk("TIFF")),
    Readable("grey.jpg", lambda: jpeg(photo().convert("L")), LUMINANCE, tolerance=3),
    Readable(
        "bilevel.png",
        lambda: saved(photo().convert("1", dither=Image.Dither.NONE), "PNG"),
        (BLACK, WHITE, BLACK, WHITE),
    ),
    Readable("16 bit grey.png", lambda: sixteen_bit(greys(DEEP, np.uint16)), GREY),
    Readable("16 bit grey.tif", lambda: tiff(greys(DEEP, np.uint16)), GREY),
    Readable(
        "16 bit dark.png", lambda: sixteen_bit(greys((0, 100, 128, 255), np.uint16)), (BLACK, BLACK, BLACK, (1, 1, 1))
    ),
    Readable("16 bit colour.png", lambda: sixteen_bit(DEEP_COLOURS)),
    Readable(
        "16 bit key.png",
        lambda: sixteen_bit(greys(DEEP, np.uint16), chunk(b"tRNS", struct.pack(">H", 257))),
        (BLACK, WHITE, GREY[2], WHITE),
    ),
    Readable(
        "32 bit.tif",
        lambda: tiff(greys((-100, 155, 28, 155), np.int32)),
        (BLACK, WHITE, GREY[2], WHITE),
        note=STRETCHED,
    ),
    Readable(
        "float.tif", lambda: tiff(greys((0, np.nan, 2, 1), np.float32)), (BLACK, BLACK, WHITE, GREY[2]), note=STRETCHED
    ),
    Readable("tiles.tif", lambda: tiled(64, 32), (BLACK,) * 4),
    Readable("palette.png", lambda: saved(paletted()[0], "PNG")),
    Readable("palette key.png", lambda: green_key("PNG"), GREEN_THROUGH),
    Readable("palette key.gif", lambda: green_key("GIF"), GREEN_THROUGH),
    Readable("palette alphas.png", green_alpha, GREEN_THROUGH),
    Readable("colour key.png", lambda: saved(photo(), "PNG", transparency=GREEN), GREEN_THROUGH),
    Readable("alpha.png", lambda: saved(see_through(), "PNG"), SEEN_THROUGH),
    Readable("alpha.webp", lambda: saved(see_through(), "WEBP", lossless=True), SEEN_THROUGH),
    Readable("alpha.tif", lambda: saved(see_through(), "TIFF"), SEEN_THROUGH),
    Readable(
        "grey alpha.png",
        lambda: saved(see_through().convert("LA"), "PNG"),
        (LUMINANCE[0], WHITE, (127, 127, 127), WHITE),
    ),
    *(
        Readable(
            f"turned {turn}.jpg",
            partial(jpeg, stored(turn), exif=with_orientation(turn)),
            tolerance=3,
        )
        for turn in range(1, 9)
    ),
    *(
        Readable(
            f"turned 6.{format.lower()}",
            partial(saved, stored(6), format, exif=with_orientation(6), lossless=True),
        )
        for format in ("PNG", "WEBP", "TIFF")
    ),
    Readable("located.jpg", located, tolerance=3),
    Readable("broken exif.jpg", broken_exif, tolerance=3),
    Readable("one pixel.png", lambda: saved(Image.new("RGB", (1, 1), RED), "PNG"), (RED,) * 4, (1, 1)),
    Readable("thin.png", lambda: saved(Image.new("RGB", (3_000, 1), RED), "PNG"), (RED,) * 4, (3_000, 1)),
    Readable("bomb.png", bomb, (BLACK,) * 4, (7_000, 7_000)),
)

SIZED = "20,000 x 20,000 pixels"
UNKNOWN = "not a picture in a format that is read"
DAMAGED = "damaged, cut off"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><script>alert(1)</script></svg>"
HEAVY = 50_000_001

REFUSED = (
    Refused("empty.jpg", lambda: b"", "is empty"),
    *(
        Refused(f"cut.{format.lower()}", partial(cut, format), DAMAGED)
        for format in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
    ),
    Refused("text.jpg", lambda: b"This is a letter, not a photograph.\n" * 20, UNKNOWN),
    Refused("page.png", lambda: b"<!DOCTYPE html><html><script>alert(1)</script></html>", UNKNOWN),
    Refused("drawing.png", lambda: SVG, UNKNOWN),
    Refused("from a phone.jpg", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), UNKNOWN),
    *(Refused(f"huge.{format.lower()}", partial(huge, format), SIZED) for format in (*LOSSLESS, "JPEG")),
    Refused("huge.webp", lambda: huge("WEBP"), "16,383 x 16,383 pixels"),
    Refused("tall.png", tall, "1 x 70,000 pixels"),
    Refused("tile.tif", lambda: tiled(8_192, 8_192), "tiles of more than 52 million pixels"),
    Refused("tile in hiding.tif", lambda: tiled(8_192, 8_192, hidden=True), DAMAGED),
    Refused("scans.jpg", lambda: many_scans(200), "comes in 206 scans"),
    Refused("long text.png", lambda: png(1, 1, 8, 0, b"\0\0", deflated(b"zTXt", b"Comment\0\0")), DAMAGED),
    Refused("long profile.png", lambda: png(1, 1, 8, 0, b"\0\0", deflated(b"iCCP", b"p\0\0")), DAMAGED),
    Refused("heavy.jpg", lambda: jpeg(photo()).ljust(HEAVY, b"\0"), "more than 50 MB"),
)
