"""How a plane sign appears in a picture: turned in space, seen through a pinhole, scaled to its size and put into place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.datasets.signs.difficulty import FIXED, Rng, between
from core.datasets.signs.faces.canvas import Point
from core.datasets.signs.faces.catalogue import SIGNS
from core.images.crop import Box

DISTANCE = 2.5  # the camera's, in sides of the sign: near enough that perspective shows
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """`matrix` [3, 3] takes a point of the face (0..1) to the picture's pixels; `box` is the sign's, in pixels."""

    matrix: Matrix
    box: Box
    angle: float

    @property
    def size(self) -> float:
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])

    def project(self, points: Sequence[Point]) -> Matrix:
        """[n, 2] pixels."""
        return _project(self.matrix, np.asarray(points, np.float64))

    def moved(self, x: float, y: float) -> Pose:
        """The middle of the box at x, y."""
        x0, y0, x1, y1 = self.box
        dx, dy = x - (x0 + x1) / 2, y - (y0 + y1) / 2
        shift = np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], np.float64)
        return Pose(shift @ self.matrix, (x0 + dx, y0 + dy, x1 + dx, y1 + dy), self.angle)


def draw_pose(rng: Rng, label: int, size: float) -> Pose:
    """A sign whose box's longer side is `size` pixels; its middle is at 0, 0."""
    return pose(label, size, between(rng, FIXED.yaw), between(rng, FIXED.pitch), between(rng, FIXED.roll))


def pose(label: int, size: float, yaw: float = 0, pitch: float = 0, roll: float = 0) -> Pose:
    """Angles in degrees. The disc's radius is 0.47: seen from the front at 47 pixels, one side of the face has 50."""
    turned, cosine = _turned(math.radians(yaw), math.radians(pitch), math.radians(roll))
    x0, y0, x1, y1 = _bounds(_project(turned, np.array(SIGNS[label].plate.shape.outline())))
    scale = size / max(x1 - x0, y1 - y0)
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    placed = np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]], np.float64)
    half = scale * (x1 - x0) / 2, scale * (y1 - y0) / 2
    return Pose(placed @ turned, (-half[0], -half[1], half[0], half[1]), math.degrees(math.acos(cosine)))


def _turned(yaw: float, pitch: float, roll: float) -> tuple[Matrix, float]:
    """The homography of a unit square about its middle, and the cosine of the angle to its axis."""
    cy, sy, cp, sp, cr, sr = (f(angle) for angle in (yaw, pitch, roll) for f in (math.cos, math.sin))
    right = (cr * cy, sr * cy, -sy)
    down = (cr * sy * sp - sr * cp, sr * sy * sp + cr * cp, cy * sp)
    rows = [[right[0], down[0], 0], [right[1], down[1], 0], [right[2] / DISTANCE, down[2] / DISTANCE, 1]]
    centred = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]], np.float64)
    return np.array(rows, np.float64) @ centred, cy * cp


def _project(matrix: Matrix, points: Matrix) -> Matrix:
    """Points [n, 2] through a homography [3, 3]."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(mapped[:, :2] / mapped[:, 2:], np.float64)


def adjugate(matrix: Matrix) -> Matrix:
    """The inverse of a homography [3, 3], times its determinant, which does not matter to points. The same on any machine."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    rows = [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ]
    return np.array(rows, np.float64)


def _bounds(points: Matrix) -> Box:
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return (x0, y0, x1, y1)
