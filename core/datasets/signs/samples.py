"""One sign in 64 x 64 pixels, or a scene of several in 256 x 256: what is seen, and everything that is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image

from core.datasets.signs.backgrounds import background
from core.datasets.signs.difficulty import FIXED, Range, Rng, between, whole
from core.datasets.signs.draws import CROP, SCENE, label_of, stream
from core.datasets.signs.faces.canvas import Point
from core.datasets.signs.faces.catalogue import SIGNS
from core.datasets.signs.factors import Factors
from core.datasets.signs.light import Camera, Light, draw_camera, draw_light
from core.datasets.signs.occluders import Occluder, draw_occluder
from core.datasets.signs.paint import (
    Pixels,
    Placed,
    draw_fade,
    occluder_box,
    put_post,
    put_sign,
)
from core.datasets.signs.pose import Pose, draw_pose
from core.images.crop import Box

CROP_SIDE = 64
SCENE_SIDE = 256
MARGIN = 1  # pixels between a sign and the picture's edge
GAP = 3  # pixels between two signs
TRIES = 12


@dataclass(frozen=True)
class SignInPicture:
    """`box`: x0, y0, x1, y1 of the whole sign, hidden parts included. `corners`: where the upper left, upper right, lower right
    and lower left corner of its square face are, which may be outside. All as fractions of the picture's side.
    """

    label: int
    box: Box
    corners: tuple[Point, Point, Point, Point]
    factors: Factors


@dataclass(frozen=True)
class Sample:
    picture: Image.Image = field(repr=False)
    signs: tuple[SignInPicture, ...]


def crop(seed: int, split: str, index: int) -> Sample:
    """RGB 64 x 64 with exactly one sign. Raises DataError for an unknown split."""
    rng = stream(CROP, seed, split, index)
    label = label_of(seed, split, index)
    pixels = background(rng, CROP_SIDE)
    seen = _somewhere(rng, draw_pose(rng, label, _size(rng, label, FIXED.crop_size)), CROP_SIDE)
    return _finished(rng, pixels, [_sign(rng, label, seen)], seen.size)


def scene(seed: int, split: str, index: int) -> Sample:
    """RGB 256 x 256 with 1 to 6 signs that do not overlap. Raises DataError for an unknown split."""
    rng = stream(SCENE, seed, split, index)
    pixels = background(rng, SCENE_SIDE)
    signs = _without_clashes([_sign(rng, label, seen) for label, seen in _arranged(rng)])
    return _finished(rng, pixels, signs, 64)


def _sign(rng: Rng, label: int, seen: Pose) -> Placed:
    return Placed(label, seen, draw_fade(rng), draw_occluder(rng, label))


def _somewhere(rng: Rng, seen: Pose, side: int) -> Pose:
    """Anywhere in the picture, as a whole."""
    x0, y0, x1, y1 = seen.box
    half_x, half_y = (x1 - x0) / 2 + MARGIN, (y1 - y0) / 2 + MARGIN
    return seen.moved(between(rng, (half_x, side - half_x)), between(rng, (half_y, side - half_y)))


def _arranged(rng: Rng) -> list[tuple[int, Pose]]:
    """Signs and where they are, small ones first; one that finds no free place is left out."""
    found: list[tuple[int, Pose]] = []
    for _ in range(whole(rng, FIXED.scene_signs)):
        label = int(rng.random() * len(SIGNS))
        seen = draw_pose(rng, label, _size(rng, label, FIXED.scene_size))
        for _ in range(TRIES):
            seen = _somewhere(rng, seen, SCENE_SIDE)
            if not any(_touch(seen.box, other.box) for _, other in found):
                found.append((label, seen))
                break
    return sorted(found, key=lambda pair: pair[1].size)


def _size(rng: Rng, label: int, sizes: Range) -> float:
    """Pixels, small ones more often: from 20 to 80, as many are below 40 as above. A sign of fine detail begins later."""
    low, high = sizes
    low = max(low, FIXED.fine_size) if SIGNS[label].family in FIXED.fine else low
    return float(low * (high / low) ** rng.random())


def _without_clashes(signs: list[Placed]) -> list[Placed]:
    """An occluder that reaches another sign is left out, for it would hide more of that than is known."""
    kept = []
    for sign in signs:
        others = [other.pose.box for other in signs if other is not sign]
        clash = bool(sign.occluder.polygons) and any(_touch(occluder_box(sign), box) for box in others)
        kept.append(Placed(sign.label, sign.pose, sign.fade, Occluder()) if clash else sign)
    return kept


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] + GAP and other[0] < one[2] + GAP and one[1] < other[3] + GAP and other[1] < one[3] + GAP


def _finished(rng: Rng, pixels: Pixels, signs: list[Placed], scale: float) -> Sample:
    """Posts behind all signs, then the signs with what hides them, then light and camera."""
    for sign in signs:
        put_post(pixels, sign.pose, rng)
    for sign in signs:
        put_sign(pixels, sign)
    light = draw_light(rng, len(pixels), scale)
    camera = draw_camera(rng, min(sign.pose.size for sign in signs))
    picture = camera.take(light.shine(pixels), rng)
    return Sample(picture, tuple(_record(sign, light, camera, len(pixels)) for sign in signs))


def _record(sign: Placed, light: Light, camera: Camera, side: int) -> SignInPicture:
    shade, glare = light.on(sign.pose.box)
    factors = Factors(
        size=sign.pose.size,
        angle=sign.pose.angle,
        defocus=camera.defocus,
        motion=camera.motion,
        occlusion=sign.occluder.share,
        fade=sign.fade,
        shade=shade,
        glare=glare,
        exposure=camera.exposure,
        noise=camera.noise,
        quality=camera.quality,
    )
    x0, y0, x1, y1 = (edge / side for edge in sign.pose.box)
    a, b, c, d = ((x / side, y / side) for x, y in sign.pose.project([(0, 0), (1, 0), (1, 1), (0, 1)]).tolist())
    return SignInPicture(sign.label, (x0, y0, x1, y1), (a, b, c, d), factors)
