"""What the networks are shown of a picture, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.images.crop import Crop, crop_box, cut, to_picture

SIDES = st.integers(1, 5_000)
SHARES = st.floats(0, 1)
CROPS = st.builds(Crop, SHARES, SHARES, st.floats(0.01, 1))
FRACTIONS = st.sampled_from((1.0, 0.875)) | st.floats(0.05, 1)


@given(SIDES, SIDES, CROPS, FRACTIONS)
def test_the_crop_is_a_square_inside_the_picture(width: int, height: int, crop: Crop, fraction: float) -> None:
    left, top, right, bottom = crop_box(width, height, crop, fraction)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    side = max(1.0, max(1.0, min(width, height) * crop.size) * fraction)
    assert right - left == pytest.approx(side)
    assert bottom - top == pytest.approx(side)


@given(SIDES, SIDES, st.floats(0.01, 1), FRACTIONS)
def test_a_crop_goes_from_edge_to_edge(width: int, height: int, size: float, fraction: float) -> None:
    first, last = (crop_box(width, height, Crop(end, end, size), fraction) for end in (0.0, 1.0))
    # What the network does not see of the square is as wide on one side as on the other.
    assert first[0] == pytest.approx(width - last[2], abs=1e-6)
    assert first[1] == pytest.approx(height - last[3], abs=1e-6)
    if fraction == 1:
        assert first[:2] == (0, 0)


@pytest.mark.parametrize(
    ("crop", "fraction", "box"),
    [
        (Crop(), 1.0, (50, 0, 350, 300)),
        (Crop(), 0.5, (125, 75, 275, 225)),
        (Crop(0, 0, 0.5), 1.0, (0, 0, 150, 150)),
        (Crop(1, 0.5, 0.5), 1.0, (250, 75, 400, 225)),
    ],
)
def test_known_boxes_of_400_x_300(crop: Crop, fraction: float, box: tuple[float, ...]) -> None:
    assert crop_box(400, 300, crop, fraction) == pytest.approx(box)


@given(SIDES, SIDES, CROPS, FRACTIONS)
def test_every_crop_can_be_cut(width: int, height: int, crop: Crop, fraction: float) -> None:
    image = Image.new("RGB", (min(width, 40), min(height, 40)), (1, 2, 3))
    small = cut(image, crop_box(*image.size, crop, fraction), 8)
    assert small.size == (8, 8)
    assert small.getextrema() == ((1, 1), (2, 2), (3, 3))


def test_a_cut_at_its_own_size_is_a_copy_of_the_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    assert np.array_equal(np.asarray(cut(Image.fromarray(pixels), (7, 3, 27, 23), 20)), pixels[3:23, 7:27])


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_shrinking_is_a_triangle_filter_over_all_pixels(factor: int) -> None:
    side = 12
    pixels = np.random.default_rng(1).integers(0, 256, (side * factor, side * factor, 3), np.uint8)
    weights = _triangle(side, factor)
    expected = np.einsum("yi,xj,ijc->yxc", weights, weights, pixels.astype(float))
    found = np.asarray(cut(Image.fromarray(pixels), (0, 0, side * factor, side * factor), side))
    assert np.abs(found - expected).max() <= 1  # each of the two passes rounds


def _triangle(side: int, factor: int) -> np.ndarray:
    """[side, side * factor]: each row falls linearly from the middle of its output pixel to one output pixel away."""
    middles = (np.arange(side)[:, None] + 0.5) * factor
    weights = np.maximum(0, 1 - np.abs(np.arange(side * factor) + 0.5 - middles) / factor)
    return weights / weights.sum(axis=1, keepdims=True)


@given(SIDES, SIDES, CROPS, st.tuples(SHARES, SHARES, SHARES, SHARES))
def test_a_box_goes_to_the_picture_and_back(
    width: int, height: int, crop: Crop, box: tuple[float, float, float, float]
) -> None:
    left, top, right, bottom = seen = crop_box(width, height, crop)
    x0, y0, x1, y1 = to_picture(box, seen)
    back = (
        (x0 - left) / (right - left),
        (y0 - top) / (bottom - top),
        (x1 - left) / (right - left),
        (y1 - top) / (bottom - top),
    )
    assert back == pytest.approx(box, abs=1e-6)


def test_a_box_is_clipped_to_the_crop() -> None:
    assert to_picture((-0.5, 0.25, 0.5, 3.0), (50, 0, 350, 300)) == (50, 75, 200, 300)
