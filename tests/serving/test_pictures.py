from __future__ import annotations

import gc
import tracemalloc

import pytest
from PIL import Image

from core.errors import ImageError
from core.serving.pictures import Pictures
from tests.picture_files import saved


def _png(side: int) -> bytes:
    return saved(Image.new("RGB", (side, side), "red"), "PNG")


class Source:
    """Bytes that count how often they are read."""

    def __init__(self, data: bytes) -> None:
        self.data, self.reads = data, 0

    def __call__(self) -> bytes:
        self.reads += 1
        return self.data


def test_a_picture_is_read_and_decoded_once() -> None:
    pictures, source = Pictures(), Source(_png(8))
    first = pictures.decoded("a", "red.png", source)
    assert pictures.decoded("a", "red.png", source) is first
    assert source.reads == 1
    assert pictures.error("a", "red.png") is None
    assert pictures.decoded("a", "red.png (2)", source).name == "red.png (2)"


def test_what_is_no_picture_says_so_each_time_and_is_read_once() -> None:
    pictures, source = Pictures(), Source(b"<html>")
    for _ in range(2):
        with pytest.raises(ImageError, match="page.png is not a picture"):
            pictures.decoded("a", "page.png", source)
    assert source.reads == 1
    assert str(pictures.error("a", "page.png")).startswith("page.png is not a picture")
    assert pictures.error("b", "page.png") is None


def test_what_was_refused_is_not_held() -> None:
    """An error's frames hold the bytes that were read: 40 MB of them before, next to nothing after."""
    pictures = Pictures()
    tracemalloc.start()
    with pytest.raises(ImageError, match="is not a picture"):
        pictures.decoded("a", "zeros.png", lambda: bytes(40_000_000))
    gc.collect()
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_000_000 < 40_000_000 <= peak


def test_the_pixels_kept_are_bounded_and_what_went_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four pictures of the largest size, one million pixels, fit; the fifth pushes the oldest out."""
    monkeypatch.setenv("BITLENS_MAX_MEGAPIXELS", "1")
    pictures, sources = Pictures(), [Source(_png(1000)) for _ in range(5)]
    for key, source in enumerate(sources):
        pictures.decoded(key, "red.png", source)
    for key in (4, 3, 2, 1):
        pictures.decoded(key, "red.png", sources[key])
    assert [source.reads for source in sources] == [1, 1, 1, 1, 1]
    assert pictures.decoded(0, "red.png", sources[0]).image.size == (1000, 1000)
    assert [source.reads for source in sources] == [2, 1, 1, 1, 1]
