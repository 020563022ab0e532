"""The faces: all there, none like another, and each where its outline says."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.datasets.signs.faces.canvas import RED, SIDE, WHITE, Canvas, arc
from core.datasets.signs.faces.catalogue import FAMILIES, NAMES, SIGNS
from core.datasets.signs.faces.plates import BOARD, DIAMOND, DISC, OCTAGON, SQUARE, TRIANGLE, YIELD, Shape
from core.datasets.signs.faces.pyramid import SIDES, THUMBNAIL, differences, face, faces, thumbnails

SHAPES = (DISC, TRIANGLE, YIELD, OCTAGON, DIAMOND, SQUARE, BOARD)
MIRRORED = [
    ("Left only", "Right only"),
    ("Keep left", "Keep right"),
    ("Turn left ahead", "Turn right ahead"),
    ("Ahead or left", "Ahead or right"),
    ("No left turn", "No right turn"),
    ("Bend to the left", "Bend to the right"),
    ("Double bend (left first)", "Double bend (right first)"),
    ("One way to the left", "One way to the right"),
    ("Sharp bend to the left", "Sharp bend to the right"),
]


def _drawn(name: str) -> np.ndarray:
    """Float [64, 64, 4]."""
    image = SIGNS[NAMES.index(name)].draw().image
    return np.asarray(image.convert("RGBa").resize((64, 64), Image.Resampling.BOX), float)


def test_there_are_sixty_signs_in_eight_families() -> None:
    assert len(SIGNS) == len({name.lower() for name in NAMES}) == 60
    assert FAMILIES == (
        "limits",
        "ends",
        "prohibitions",
        "mandatory",
        "warnings",
        "priority",
        "places",
        "directions",
    )
    assert sum(sign.family == "limits" for sign in SIGNS) == 10


def test_no_two_signs_look_alike() -> None:
    """Even in 24 x 24 pixels, some colour differs by much over an area of a few pixels."""
    apart = differences().sum(axis=2) + np.eye(len(SIGNS)) * 99
    one, other = np.unravel_index(apart.argmin(), apart.shape)
    assert apart.min() > 4, (NAMES[one], NAMES[other])
    assert apart.shape == (60, 60)


def test_differences_are_squared_distances() -> None:
    colours = thumbnails()[..., :3].astype(float)
    direct = ((colours[3] - colours[17]) ** 2).sum(axis=-1).ravel()
    assert np.allclose(differences()[3, 17], direct, atol=1e-5)


@pytest.mark.parametrize(("left", "right"), MIRRORED)
def test_left_and_right_mirror_each_other(left: str, right: str) -> None:
    one, other = _drawn(left), _drawn(right)
    assert np.abs(one[:, ::-1] - other).mean() < 1.5
    assert np.abs(one - other).mean() > 4


@pytest.mark.parametrize("name", NAMES)
def test_a_face_fills_its_outline_and_no_more(name: str) -> None:
    sign = SIGNS[NAMES.index(name)]
    box = sign.draw().image.getchannel("A").getbbox()
    points = np.array(sign.plate.shape.outline()) * SIDE
    assert box is not None
    assert np.allclose(box, [*points.min(axis=0), *points.max(axis=0)], atol=2.5)
    assert box[0] > 0 and box[1] > 0 and box[2] < SIDE and box[3] < SIDE


@pytest.mark.parametrize("shape", SHAPES)
@given(depth=st.floats(0, 0.2))
def test_an_inset_is_as_deep_everywhere(shape: Shape, depth: float) -> None:
    """Every corner circle of the smaller shape stays `depth` inside of each edge of the larger one."""
    smaller = shape.inset(depth)
    for x, y in smaller.corners:
        assert _inside(shape, x, y) - smaller.radius == pytest.approx(depth, abs=1e-9)


def _inside(shape: Shape, x: float, y: float) -> float:
    """How far a point is inside of the shape's nearest edge."""
    if len(shape.corners) == 1:
        return shape.radius - math.dist((x, y), shape.corners[0])
    far = []
    for (x0, y0), (x1, y1) in zip(shape.corners, shape.corners[1:] + shape.corners[:1], strict=True):
        far.append(((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / math.dist((x0, y0), (x1, y1)))
    return min(far) + shape.radius


POINTS = st.tuples(st.floats(-1, 1), st.floats(-1, 1))


@given(POINTS, POINTS, st.floats(0.1, 2), st.booleans(), st.floats(-180, 180))
def test_own_coordinates_are_a_similarity(
    point: tuple[float, float], origin: tuple[float, float], scale: float, mirrored: bool, turn: float
) -> None:
    """As complex numbers: z goes to origin + scale * e^(i turn) * z, where a mirrored z is -conj(z)."""
    canvas = Canvas()
    ((x, y),) = canvas.at(*origin, scale, mirrored, turn)._pixels([point])
    z = complex(*point)
    z = complex(-z.real, z.imag) if mirrored else z
    expected = complex(*origin) + scale * cmath.exp(1j * math.radians(turn)) * z
    assert complex(x, y) / SIDE == pytest.approx(expected, abs=1e-9)


def test_an_arc_runs_clockwise_on_the_page() -> None:
    (right, down, left) = arc(1, 2, 3, 0, 180, 2)
    assert (right, down, left) == (pytest.approx((4, 2)), pytest.approx((1, 5)), pytest.approx((-2, 2)))


def test_letters_fill_their_box() -> None:
    canvas = Canvas()
    canvas.text("80", (0.25, 0.25, 0.75, 0.5), RED)
    box = canvas.image.getbbox()
    assert box is not None
    assert np.allclose(np.array(box) / SIDE, (0.25, 0.25, 0.75, 0.5), atol=2 / SIDE)


def test_a_mirrored_slash_runs_the_other_way() -> None:
    canvas = Canvas()
    canvas.at(1, 0, 1, True).line([(0.2, 0.2), (0.8, 0.8)], 0.05, WHITE)
    alpha = canvas.image.getchannel("A")
    assert alpha.getpixel((round(0.8 * SIDE), round(0.2 * SIDE))) == 255
    assert alpha.getpixel((round(0.2 * SIDE), round(0.2 * SIDE))) == 0


@pytest.mark.parametrize(("size", "side"), [(200, 128), (128, 128), (64.1, 128), (64, 64), (33, 64), (20, 32)])
def test_a_sign_is_taken_from_a_face_that_is_not_smaller(size: float, side: int) -> None:
    assert face(0, size).width == side
    assert [image.width for image in faces(0)] == list(SIDES)
    assert {image.mode for image in faces(0)} == {"RGBa"}
    assert thumbnails().shape == (60, THUMBNAIL, THUMBNAIL, 4)
