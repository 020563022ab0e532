"""Picture files built in code: of every format and mode, turned, see-through, cut, huge, or made to do harm."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

Colour = tuple[int, int, int]
Corners = tuple[Colour, Colour, Colour, Colour]

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
WIDTH, HEIGHT = 48, 32
CORNERS = (RED, GREEN, BLUE, WHITE)  # top left, top right, bottom left, bottom right
SHORT, LONG, SLONG8 = 3, 4, 17  # types of a TIFF's numbers
LOSSLESS = ("PNG", "GIF", "BMP", "TIFF")


def quarters() -> np.ndarray:
    """[HEIGHT, WIDTH, 3] uint8: each quarter in a colour of its own, so that no turn or flip leaves it as it was."""
    return _quartered(np.array(CORNERS, np.uint8).reshape(2, 2, 3))


def greys(values: tuple[float, float, float, float], dtype: type) -> np.ndarray:
    """[HEIGHT, WIDTH] of one value for each quarter."""
    return _quartered(np.array(values, dtype).reshape(2, 2))


def _quartered(four: np.ndarray) -> np.ndarray:
    return four.repeat(HEIGHT // 2, axis=0).repeat(WIDTH // 2, axis=1)


def photo() -> Image.Image:
    return Image.fromarray(quarters())


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def with_orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def stored(orientation: int) -> Image.Image:
    """The pixels as a camera stores them: EXIF's table says which edge of the scene the first row and column are."""
    scene = quarters()
    by_rows = {1: scene, 2: scene[:, ::-1], 3: scene[::-1, ::-1], 4: scene[::-1]}
    across = scene.transpose(1, 0, 2)  # its first row is the scene's left edge, its first column the top
    by_columns = {5: across, 6: across[::-1], 7: across[::-1, ::-1], 8: across[:, ::-1]}
    return Image.fromarray(np.ascontiguousarray((by_rows | by_columns)[orientation]))


def located() -> bytes:
    """A JPEG that tells where and by whom it was taken."""
    exif = Image.Exif()
    exif[0x013B] = "Jane Doe"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return jpeg(photo(), exif=exif, comment=b"at home")


def png(width: int, height: int, depth: int, colour: int, rows: bytes, before: bytes = b"") -> bytes:
    """A PNG by hand; `rows` are filter byte and samples for each row, `before` whole chunks that come before the pixels."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def sixteen_bit(pixels: np.ndarray, before: bytes = b"") -> bytes:
    """A 16-bit PNG of [height, width] grey values or [height, width, 3 or 4] colours."""
    height, width = pixels.shape[:2]
    colour = {1: 0, 3: 2, 4: 6}[pixels[0, 0].size]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return png(width, height, 16, colour, rows, before)


def animation(format: str) -> bytes:
    others = [Image.new("RGB", (WIDTH, HEIGHT), colour) for colour in ("black", "gray")]
    lossless = {"lossless": True} if format == "WEBP" else {}
    return saved(photo(), format, save_all=True, append_images=others, **lossless)


def see_through() -> Image.Image:
    """RGBA: opaque red, transparent green, black half through, opaque white."""
    layer = photo().convert("RGBA")
    layer.paste((0, 255, 0, 0), (WIDTH // 2, 0, WIDTH, HEIGHT // 2))
    layer.paste((0, 0, 0, 128), (0, HEIGHT // 2, WIDTH // 2, HEIGHT))
    return layer


def paletted() -> tuple[Image.Image, int]:
    """The photo with a palette of four colours, and which of them is green."""
    image = photo().quantize(4)
    return image, image.tobytes()[WIDTH - 1]


def green_key(format: str) -> bytes:
    """Green is named as the transparent colour."""
    image, green = paletted()
    return saved(image, format, transparency=green)


def green_alpha() -> bytes:
    """A palette PNG with an alpha for each of its colours: green is transparent."""
    image, green = paletted()
    return saved(image, "PNG", transparency=bytes(0 if index == green else 255 for index in range(4)))


def huge(format: str) -> bytes:
    """The header of a picture of 20,000 x 20,000 pixels (WebP: 16,383, the most it has room for), and nothing behind it."""
    side = 20_000
    if format == "PNG":
        return png(side, side, 8, 2, b"")
    small = saved(Image.new("RGB", (16, 16)), format, **({"lossless": True} if format == "WEBP" else {}))
    if format == "BMP":
        return small[:18] + struct.pack("<ii", side, side) + small[26:]
    if format == "GIF":
        return small[:6] + struct.pack("<HH", side, side) + small[10:]
    if format == "WEBP":
        place = small.index(b"VP8L") + 9
        return small[:place] + struct.pack("<I", 16_382 | 16_382 << 14) + small[place + 4 :]
    if format == "JPEG":
        place = small.index(b"\xff\xc0") + 5
        return small[:place] + struct.pack(">HH", side, side) + small[place + 4 :]
    return _huge_tiff(side)


def _huge_tiff(side: int) -> bytes:
    tags = [(256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, side), (279, side * side)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + b"\0\0\0\0"


def directory(order: str, big: bool, entries: list[tuple[int, int, int]]) -> bytes:
    """A TIFF's header and first directory, of (tag, type, value); `big` is BigTIFF's layout."""
    version = struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8)
    count, entry, room = ("Q", "HHQ", 8) if big else ("H", "HHI", 4)
    parts = [b"II" if order == "<" else b"MM", version, struct.pack(order + count, len(entries))]
    for tag, kind, value in entries:
        number = struct.pack(order + {SHORT: "H", LONG: "I", SLONG8: "q"}[kind], value)
        parts.append(struct.pack(order + entry, tag, kind, 1) + number.ljust(room, b"\0"))
    return b"".join(parts) + bytes(room)


def tiled(width: int, height: int, hidden: bool = False) -> bytes:
    """A TIFF of 48 x 32 black pixels in one tile of another size; if `hidden`, Pillow sees a tile of 48 x 32 and libtiff not."""
    pixels = zlib.compress(bytes(width * height), 9)
    sides = [(322, LONG, width), (323, LONG, height)]
    if hidden:  # Pillow passes over SLONG8, libtiff over what comes a second time
        sides = [(322, SLONG8, width), (322, LONG, WIDTH), (323, SLONG8, height), (323, LONG, HEIGHT)]
    sizes = [
        (256, LONG, WIDTH),
        (257, LONG, HEIGHT),
        (258, SHORT, 8),
        (259, SHORT, 8),
        (262, SHORT, 1),
        (277, SHORT, 1),
    ]
    empty = directory("<", True, [*sizes, *sides, (324, LONG, 0), (325, LONG, len(pixels))])
    return directory("<", True, [*sizes, *sides, (324, LONG, len(empty)), (325, LONG, len(pixels))]) + pixels


def many_scans(count: int, side: int = 64) -> bytes:
    """A progressive JPEG whose last scan comes `count` times more: a few bytes each, and a pass over all pixels."""
    data = saved(Image.new("L", (side, side)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * count + data[-2:]


def bomb(side: int = 7_000) -> bytes:
    """A PNG of 49 million black pixels in 0.15 MB."""
    return png(side, side, 8, 2, bytes(side * (3 * side + 1)))


def cut(format: str, side: int = 96) -> bytes:
    """Two thirds of a file whose pixels do not compress, so that it is them that are cut."""
    pixels = np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)
    data = saved(Image.fromarray(pixels), format)
    return data[: len(data) * 2 // 3]


def tall() -> bytes:
    return png(1, 70_000, 8, 0, bytes(140_000))


def broken_exif() -> bytes:
    return jpeg(photo(), exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(40))


def jpeg(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    return saved(image, format, quality=95, subsampling=0, **options)


def cmyk(format: str) -> bytes:
    return saved(photo().convert("CMYK"), format, **({"quality": 95, "subsampling": 0} if format == "JPEG" else {}))


def tiff(values: np.ndarray) -> bytes:
    return saved(Image.fromarray(values), "TIFF")


def deflated(kind: bytes, head: bytes) -> bytes:
    """A chunk of 0.1 MB that inflates to 100 MB."""
    return chunk(kind, head + zlib.compress(bytes(100_000_000), 9))
