"""The size of a TIFF's tiles, as libtiff will take it."""

from __future__ import annotations

import struct

import pytest

from core.images.tiff import tile_pixels
from tests.picture_files import LONG, SHORT, SLONG8, directory, photo, saved

WIDTH, LENGTH = 322, 323


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [SHORT, LONG])
def test_a_tile_in_every_layout(order: str, big: bool, kind: int) -> None:
    assert tile_pixels(directory(order, big, [(256, LONG, 9), (WIDTH, kind, 320), (LENGTH, kind, 208)])) == 320 * 208


def test_strips_have_no_tiles() -> None:
    assert tile_pixels(saved(photo(), "TIFF")) == 0


@pytest.mark.parametrize(
    "entries",
    [
        [(WIDTH, LONG, 320)],
        [(WIDTH, LONG, 320), (WIDTH, LONG, 320)],
        [(WIDTH, LONG, 320), (LENGTH, LONG, 208), (LENGTH, LONG, 1)],
        [(WIDTH, SLONG8, 320), (LENGTH, LONG, 208)],
    ],
)
def test_what_is_not_plain_is_refused(entries: list[tuple[int, int, int]]) -> None:
    with pytest.raises(ValueError, match="TIFF in tiles|a side of type 17"):
        tile_pixels(directory("<", True, entries))


def test_a_directory_that_is_cut_off() -> None:
    whole = directory("<", False, [(WIDTH, LONG, 320), (LENGTH, LONG, 208)])
    with pytest.raises(struct.error):
        tile_pixels(whole[:-10])
