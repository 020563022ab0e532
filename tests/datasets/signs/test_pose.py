"""Turned in space and seen through a pinhole, against a direct computation in three dimensions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.signs.faces.catalogue import NAMES, SIGNS
from core.datasets.signs.occluders import Occluder
from core.datasets.signs.paint import Placed, put_sign
from core.datasets.signs.pose import DISTANCE, adjugate, pose

LABELS = st.integers(0, len(SIGNS) - 1)
SIZES = st.floats(16, 120)
TURNS = (st.floats(-50, 50), st.floats(-25, 25), st.floats(-15, 15))


def _rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    a, b, c = np.radians((yaw, pitch, roll))
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


@given(LABELS, SIZES, *TURNS)
def test_it_is_what_a_pinhole_sees(label: int, size: float, yaw: float, pitch: float, roll: float) -> None:
    """The outline, rotated and divided by its depth, is the projected outline but for scale and place."""
    outline = np.array(SIGNS[label].plate.shape.outline())
    solid = np.hstack((outline - 0.5, np.zeros((len(outline), 1)))) @ _rotation(yaw, pitch, roll).T
    seen = solid[:, :2] / (1 + solid[:, 2:] / DISTANCE)
    seen = (seen - (seen.min(axis=0) + seen.max(axis=0)) / 2) * size / np.ptp(seen, axis=0).max()
    assert np.allclose(pose(label, size, yaw, pitch, roll).project(outline), seen, atol=1e-8)


@given(LABELS, SIZES, *TURNS)
def test_the_box_fits_the_outline(label: int, size: float, yaw: float, pitch: float, roll: float) -> None:
    found = pose(label, size, yaw, pitch, roll).moved(100, 50)
    points = found.project(SIGNS[label].plate.shape.outline())
    assert found.box == pytest.approx((*points.min(axis=0), *points.max(axis=0)))
    assert found.size == pytest.approx(size)
    assert ((found.box[0] + found.box[2]) / 2, (found.box[1] + found.box[3]) / 2) == pytest.approx((100, 50))


@pytest.mark.parametrize(("yaw", "pitch", "angle"), [(0, 0, 0), (30, 0, 30), (0, -20, 20), (60, 60, 75.5225)])
def test_the_angle_is_from_the_axis(yaw: float, pitch: float, angle: float) -> None:
    assert pose(0, 40, yaw, pitch, 5).angle == pytest.approx(angle, abs=1e-4)


def test_from_the_front_it_is_only_scaled() -> None:
    corners = pose(NAMES.index("Stop"), 47).project([(0, 0), (1, 0), (1, 1), (0, 1)])
    edges = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    assert edges == pytest.approx(edges[0])
    disc = pose(0, 47).project([(0, 0), (1, 1)])
    assert (disc[1] - disc[0]).tolist() == pytest.approx([50, 50])


@given(st.lists(st.floats(-10, 10), min_size=9, max_size=9))
def test_an_adjugate_is_the_inverse_times_the_determinant(values: list[float]) -> None:
    matrix = np.array(values).reshape(3, 3)
    assert np.allclose(matrix @ adjugate(matrix), np.eye(3) * np.linalg.det(matrix), atol=1e-8)


@given(LABELS, st.floats(20, 90), *TURNS)
def test_the_box_covers_the_signs_pixels(label: int, size: float, yaw: float, pitch: float, roll: float) -> None:
    """Painted on black, what is not black lies within the box and reaches each of its sides, to a pixel and a half."""
    pixels = np.zeros((128, 128, 3), np.float32)
    seen = pose(label, size, yaw, pitch, roll).moved(64.3, 63.6)
    put_sign(pixels, Placed(label, seen, 1.0, Occluder()))  # bleached through and through: no part of it is black
    rows, columns = np.nonzero(pixels.sum(axis=2) > 30)
    found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    x0, y0, x1, y1 = seen.box
    assert found[0] >= np.floor(x0) and found[1] >= np.floor(y0) and found[2] <= np.ceil(x1) and found[3] <= np.ceil(y1)
    assert np.allclose(found, seen.box, atol=2)
