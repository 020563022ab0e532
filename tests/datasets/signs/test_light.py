"""Light and the camera, each effect against what it must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.signs.difficulty import FIXED
from core.datasets.signs.light import Camera, Light, _defocused, _moved, draw_camera, draw_light

PLAIN = Camera(0, 0, 0, 1.0, (1.0, 1.0, 1.0), 0, 95)


def _flat(value: float, side: int = 32) -> np.ndarray:
    return np.full((side, side, 3), value, np.float32)


def _spot(side: int = 41) -> np.ndarray:
    pixels = np.zeros((side, side, 3), np.float32)
    pixels[side // 2, side // 2] = 250
    return pixels


@given(st.floats(0.5, 9), st.floats(0, 180))
def test_motion_spreads_a_spot_along_its_path(length: float, direction: float) -> None:
    moved = _moved(_spot(), length, direction)[..., 0]
    rows, columns = np.nonzero(moved)
    assert moved.sum() == pytest.approx(250, rel=1e-4)
    far = np.hypot(rows - 20, columns - 20).max()
    assert abs(far - length / 2) <= 0.75
    across = (rows - 20) * np.cos(np.radians(direction)) - (columns - 20) * np.sin(np.radians(direction))
    assert np.abs(across).max() <= 0.75


def test_a_defocused_spot_has_its_spread() -> None:
    rows = _defocused(_spot(), 2.0)[..., 0].sum(axis=1)
    shares = rows / rows.sum()
    assert np.sqrt((shares * (np.arange(41) - 20) ** 2).sum()) == pytest.approx(2, rel=0.1)


def test_nothing_moves_and_nothing_is_blurred() -> None:
    pixels = _spot()
    assert _moved(pixels, 0, 30) is pixels
    assert _defocused(pixels, 0) is pixels


def test_exposure_and_cast_are_factors() -> None:
    taken = np.asarray(Camera(0, 0, 0, 0.5, (1.1, 1.0, 0.9), 0, 95).take(_flat(200), np.random.default_rng(0)), float)
    assert taken.mean(axis=(0, 1)) == pytest.approx([110, 100, 90], abs=2)


def test_noise_has_its_sigma() -> None:
    camera = Camera(0, 0, 0, 1.0, (1.0, 1.0, 1.0), 10, 100)
    taken = np.asarray(camera.take(_flat(128, 128), np.random.default_rng(0)), float)
    assert taken.mean() == pytest.approx(128, abs=1)
    # The eye's luminance, for JPEG keeps less of the colours.
    assert (taken @ (0.299, 0.587, 0.114)).std() == pytest.approx(10 * np.linalg.norm((0.299, 0.587, 0.114)), rel=0.1)


def test_a_plain_camera_changes_little() -> None:
    ramp = np.broadcast_to(np.linspace(20, 230, 32, dtype=np.float32)[:, None, None], (32, 32, 3))
    assert np.abs(np.asarray(PLAIN.take(ramp, np.random.default_rng(0)), float) - ramp).max() < 8


@pytest.mark.parametrize("seed", range(60))
def test_what_is_drawn_stays_within_the_difficulty(seed: int) -> None:
    rng = np.random.default_rng(seed)
    camera, light = draw_camera(rng, 40), draw_light(rng, 64, 40)
    assert not (camera.defocus and camera.motion)
    assert camera.defocus <= 40 * FIXED.defocus[1] and camera.motion <= 40 * FIXED.motion[1]
    assert FIXED.exposure[0] <= camera.exposure <= FIXED.exposure[1]
    assert all(abs(gain - 1) <= FIXED.cast for gain in camera.cast)
    assert camera.noise <= FIXED.noise[1] * min(1, camera.exposure)
    assert FIXED.quality[0] <= camera.quality <= FIXED.quality[1]
    if light.mask is not None:
        assert light.mask.shape == (64, 64, 1)
        assert 1 - FIXED.shade[1] <= light.mask.min() and light.mask.max() <= 1
    if light.veil is not None:
        assert 0 <= light.veil.min() and light.veil.max() <= FIXED.glare[1]


def test_shade_and_glare_are_measured_where_the_sign_is() -> None:
    mask, veil = np.ones((8, 8, 1), np.float32), np.zeros((8, 8, 1), np.float32)
    mask[:, 4:], veil[:4] = 0.5, 0.25
    light = Light(mask, veil)
    assert light.on((4, 4, 8, 8)) == (0.5, 0.0)
    assert light.on((2, 2, 6, 6)) == (0.25, 0.125)
    assert Light().on((0, 0, 8, 8)) == (0.0, 0.0)
    shone = light.shine(_flat(100, 8))
    assert shone[0, 0, 0] == pytest.approx(100 + 0.25 * 155)
    assert shone[7, 7, 0] == pytest.approx(50)
    assert np.array_equal(Light().shine(_flat(100, 8)), _flat(100, 8))
