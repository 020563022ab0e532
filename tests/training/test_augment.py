from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.training.augment import normalise, random_crop, resize

SIDE = 64


def _white(images: torch.Tensor) -> list[tuple[float, float, float, float]]:
    """Where each picture is white: the first and last pixel that is more than half white, as shares of the side."""
    found = []
    for image in images[:, 0].numpy():
        y, x = np.nonzero(image > 0.5)
        found.append((x.min() / SIDE, y.min() / SIDE, (x.max() + 1) / SIDE, (y.max() + 1) / SIDE))
    return found


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**31),
    smallest=st.sampled_from([0.5, 0.75, 1.0]),
    corners=st.tuples(*[st.integers(18, 30)] * 2, *[st.integers(36, 46)] * 2),
)
def test_boxes_follow_their_pictures(seed: int, smallest: float, corners: tuple[int, int, int, int]) -> None:
    """A white rectangle on black: wherever crop and mirror carry it, the box is around it, to a pixel."""
    x0, y0, x1, y1 = corners
    images = torch.zeros(6, 3, SIDE, SIDE)
    images[:, :, y0:y1, x0:x1] = 1
    boxes = (torch.tensor(corners) / SIDE).expand(6, 4)
    cropped, moved = random_crop(images, boxes, smallest, torch.Generator().manual_seed(seed))
    assert cropped.shape == images.shape
    pixel = 1 / SIDE
    for box, seen in zip(moved.tolist(), _white(cropped), strict=True):
        assert box == pytest.approx(seen, abs=1.01 * pixel)


def test_crops_differ_and_half_are_mirrored() -> None:
    """A rectangle that touches the left edge: with nothing cropped, it touches the right one in about half."""
    images = torch.zeros(200, 3, SIDE, SIDE)
    images[:, :, 10:50, :20] = 1
    boxes = torch.tensor([[0, 10, 20, 50]]).expand(200, 4) / SIDE
    plain, moved = random_crop(images, boxes, 1.0, torch.Generator().manual_seed(0))
    mirrored = moved[:, 2] == 1
    assert 70 < int(mirrored.sum()) < 130
    assert torch.allclose(moved[~mirrored], boxes[0])
    assert torch.allclose(plain[mirrored], images[0].flip(-1), atol=1e-4)
    _, moved = random_crop(images, boxes, 0.75, torch.Generator().manual_seed(0))
    assert len(moved.unique(dim=0)) == 200
    sizes = (moved[:, 3] - moved[:, 1]) * SIDE / 40
    assert 0.99 < float(sizes.min()) < 1.05 and 1.25 < float(sizes.max()) <= 4 / 3 + 1e-4


def test_boxes_stay_inside_and_upright() -> None:
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.05, 0.05], [0.9, 0.9, 1.0, 1.0]]).repeat(50, 1)
    _, moved = random_crop(torch.zeros(150, 3, 8, 8), boxes, 0.5, torch.Generator().manual_seed(1))
    assert moved.min() == 0 and moved.max() == 1
    assert (moved[:, :2] <= moved[:, 2:]).all()
    assert torch.equal(moved[::3], boxes[::3])


def test_the_seed_decides() -> None:
    images, boxes = torch.rand(4, 3, 16, 16), torch.rand(4, 4).sort(dim=1).values
    one, again, other = (random_crop(images, boxes, 0.5, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert torch.equal(one[0], again[0]) and torch.equal(one[1], again[1])
    assert not torch.equal(one[0], other[0])


def test_normalise_holds_every_pixel_on_a_grid_of_64ths() -> None:
    pixels = torch.arange(256, dtype=torch.uint8)
    found = normalise(pixels)
    assert (found.min(), found.max()) == (-2, 127 / 64)
    assert torch.equal(found * 64 + 128, pixels.float())


def test_resize_averages_and_leaves_its_own_size_alone() -> None:
    images = torch.zeros(1, 3, 64, 64)
    images[:, :, :, 32:] = 1
    assert resize(images, 64) is images
    small = resize(images, 32)
    assert small.shape == (1, 3, 32, 32)
    assert float(small.mean()) == pytest.approx(0.5, abs=0.01)
    assert torch.equal(small[..., :14], torch.zeros(1, 3, 32, 14))
    fine = torch.tensor([0.0, 1.0]).repeat(32).expand(1, 3, 64, 64)
    assert float((resize(fine, 32)[..., 2:-2] - 0.5).abs().max()) < 0.01


def test_pictures_with_a_left_and_a_right_are_not_mirrored() -> None:
    images, boxes = torch.rand(50, 3, 16, 16), torch.rand(50, 4).sort(dim=1).values
    plain, moved = random_crop(images, boxes, 1.0, torch.Generator().manual_seed(0), mirror=False)
    torch.testing.assert_close(plain, images, atol=1e-4, rtol=0)
    torch.testing.assert_close(moved, boxes)
