"""Light and the camera: shade and glare, exposure and colour cast, blur, noise and the loss of JPEG."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.datasets.signs.difficulty import FIXED, Rng, between, chance, whole
from core.images.crop import Box

Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Light:
    """`mask` [h, w, 1] is how much each pixel keeps of its light, `veil` how much white lies over it; None where nothing."""

    mask: Pixels | None = None
    veil: Pixels | None = None

    def shine(self, pixels: Pixels) -> Pixels:
        if self.mask is not None:
            pixels = pixels * self.mask
        if self.veil is not None:
            pixels = pixels + self.veil * (255 - pixels)
        return pixels

    def on(self, box: Box) -> tuple[float, float]:
        """Shade and glare within the box, as means from 0 to 1."""
        x0, y0, x1, y1 = (round(edge) for edge in box)
        shade = 0.0 if self.mask is None else 1 - float(self.mask[y0:y1, x0:x1].mean())
        return shade, 0.0 if self.veil is None else float(self.veil[y0:y1, x0:x1].mean())


def draw_light(rng: Rng, side: int, scale: float) -> Light:
    """`scale` is how large a spot or the edge of a shade is, in pixels."""
    mask = _shade(rng, side, scale) if chance(rng, FIXED.shaded) else None
    return Light(mask, _glare(rng, side, scale) if chance(rng, FIXED.glaring) else None)


def _grid(side: int) -> tuple[Pixels, Pixels]:
    steps = np.arange(side, dtype=np.float32) + np.float32(0.5)
    return steps[None, :, None], steps[:, None, None]


def _shade(rng: Rng, side: int, scale: float) -> Pixels:
    """Beyond a line it is darker; the edge is between sharp and as wide as a third of a sign."""
    x, y = _grid(side)
    angle, depth = between(rng, (0, 2 * math.pi)), between(rng, FIXED.shade)
    middle, soft = between(rng, (0.3, 0.7)) * side, between(rng, (1, scale / 3))
    far = (x - middle) * np.float32(math.cos(angle)) + (y - middle) * np.float32(math.sin(angle))
    return np.asarray(1 - depth * np.clip(far / soft + 0.5, 0, 1), np.float32)


def _glare(rng: Rng, side: int, scale: float) -> Pixels:
    x, y = _grid(side)
    peak, reach = between(rng, FIXED.glare), scale * between(rng, (0.2, 0.6))
    u, v = between(rng, (0.2, 0.8)) * side, between(rng, (0.2, 0.8)) * side
    # No exponential, whose last bit is not the same on every machine.
    far = (np.square(x - np.float32(u)) + np.square(y - np.float32(v))) / np.float32(3 * reach * reach)
    return np.asarray(np.float32(peak) / np.square(1 + far), np.float32)


@dataclass(frozen=True)
class Camera:
    """Pixels, degrees, factors of brightness, sigma in steps of 255, JPEG's quality."""

    defocus: float
    motion: float
    direction: float
    exposure: float
    cast: tuple[float, float, float]
    noise: float
    quality: int

    def take(self, pixels: Pixels, rng: Rng) -> Image.Image:
        """The picture as it comes out of the camera: [h, w, 3] from 0 to 255 in, RGB out."""
        gains = np.array(self.cast, np.float32) * np.float32(self.exposure)
        sharp = np.clip(pixels * gains, 0, 255)
        blurred = _moved(_defocused(sharp, self.defocus), self.motion, self.direction)
        noise = rng.standard_normal(blurred.shape, np.float32) * np.float32(self.noise)
        return _through_jpeg(np.clip(blurred + noise, 0, 255).astype(np.uint8), self.quality)


def draw_camera(rng: Rng, smallest: float) -> Camera:
    """Blur is bounded by the smallest sign, in pixels; the darker the picture, the less noise it has room for."""
    defocus = smallest * between(rng, FIXED.defocus) if chance(rng, FIXED.defocused) else 0.0
    moves = not defocus and chance(rng, FIXED.moved / (1 - FIXED.defocused))
    motion = smallest * between(rng, FIXED.motion) if moves else 0.0
    exposure = between(rng, FIXED.exposure)
    red, green, blue = (1 + FIXED.cast * (2 * rng.random(3) - 1)).tolist()
    noise = between(rng, FIXED.noise) * min(1.0, exposure)
    return Camera(
        defocus, motion, between(rng, (0, 180)), exposure, (red, green, blue), noise, whole(rng, FIXED.quality)
    )


def _defocused(pixels: Pixels, sigma: float) -> Pixels:
    if not sigma:
        return pixels
    image = Image.fromarray(pixels.astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(sigma)), np.float32)


def _moved(pixels: Pixels, length: float, direction: float) -> Pixels:
    """The mean over a straight path of the camera, `length` pixels long."""
    if not length:
        return pixels
    count, reach = 2 * math.ceil(length) + 1, math.ceil(length / 2)
    u, v = math.cos(math.radians(direction)) * length, math.sin(math.radians(direction)) * length
    wide = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    total, (high, broad) = np.zeros_like(pixels), pixels.shape[:2]
    for step in range(count):
        share = step / (count - 1) - 0.5
        y, x = reach + round(v * share), reach + round(u * share)
        total += wide[y : y + high, x : x + broad]
    return total / np.float32(count)


def _through_jpeg(pixels: NDArray[np.uint8], quality: int) -> Image.Image:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    with Image.open(stream, formats=["JPEG"]) as image:
        return image.convert("RGB")
