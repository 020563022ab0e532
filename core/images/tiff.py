"""The one size in a TIFF that Pillow does not check: that of its tiles, each of which libtiff inflates whole."""

from __future__ import annotations

import struct
from collections.abc import Iterator

TILE_WIDTH, TILE_LENGTH = 322, 323
NUMBER = {3: "H", 4: "I", 16: "Q"}  # TIFF's SHORT, LONG and LONG8
BIG_TIFF = (b"II+\0", b"MM\0+")


def tile_pixels(data: bytes) -> int:
    """Pixels of one tile of a TIFF, 0 where it is in strips. A tile of 46,336 x 16,384 zeros is 0.7 MB in the file.

    Raises ValueError for a size that is written in an odd type or twice, struct.error for a directory that is cut off: Pillow
    passes over some of what libtiff reads, so a size that is not plain cannot be trusted.
    """
    sides = list(_tile_sides(data))
    if not sides:
        return 0
    if sorted(tag for tag, _ in sides) != [TILE_WIDTH, TILE_LENGTH]:
        raise ValueError("a TIFF in tiles has one width and one length for them")
    return sides[0][1] * sides[1][1]


def _tile_sides(data: bytes) -> Iterator[tuple[int, int]]:
    """Each entry for the width or the length of tiles in the first directory: tag and value."""
    order = "<" if data.startswith(b"II") else ">"
    big = data[:4] in BIG_TIFF
    place, count, entry = (8, "Q", "HHQ8s") if big else (4, "H", "HHI4s")
    (start,) = struct.unpack_from(order + ("Q" if big else "I"), data, place)
    (entries,) = struct.unpack_from(order + count, data, start)
    first, step = start + struct.calcsize(order + count), struct.calcsize(order + entry)
    for offset in range(first, first + entries * step, step):
        tag, kind, values, value = struct.unpack_from(order + entry, data, offset)
        if tag in (TILE_WIDTH, TILE_LENGTH):
            yield tag, _number(order, kind, values, value)


def _number(order: str, kind: int, values: int, value: bytes) -> int:
    """What an entry holds in place of an offset."""
    form = order + NUMBER.get(kind, "")
    if values != 1 or not 0 < struct.calcsize(form) <= len(value):
        raise ValueError(f"a side of type {kind}")
    return int(struct.unpack_from(form, value)[0])
