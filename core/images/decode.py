"""Decode a picture that a stranger sent: once, by an allow-list, within limits that are checked before any pixel is.

What comes out is an upright RGB picture without metadata: EXIF rotation applied, alpha composited over white, the first frame
of an animation, 16-bit values scaled (not clipped) to 8.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core import settings
from core.errors import ImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
NAMES = "JPEG, PNG, WebP, GIF, BMP or TIFF"
TRANSPARENT_MODES = ("RGBA", "LA", "PA", "La", "RGBa")
# What Pillow's decoders raise on damaged data, besides OSError.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class Picture:
    """`sha256` is of the bytes that came; `note` says what was left out ("" if nothing)."""

    image: Image.Image = field(repr=False)
    sha256: str
    name: str
    note: str = ""


def decode(data: bytes, name: str = "picture") -> Picture:
    """Bytes to a Picture. Raises ImageError, with the remedy, for whatever is no picture, damaged or too large."""
    _check_bytes(data, name)
    with warnings.catch_warnings():
        # Pillow warns of large or odd files; the limits here are stricter, and damage is an error of its own.
        warnings.simplefilter("ignore")
        source = _open(data, name)
        _check_pixels(source, name)
        frames = getattr(source, "n_frames", 1) if source.format != "MPO" else 1
        image = _upright_rgb(source, name)
    note = f"The first of {frames} frames is shown." if frames > 1 else ""
    return Picture(image, hashlib.sha256(data).hexdigest(), name, note)


def _check_bytes(data: bytes, name: str) -> None:
    limit = settings.max_upload_bytes()
    if not data:
        raise ImageError(f"{name} is empty.", "Choose the picture again, or another one.")
    if len(data) > limit:
        raise ImageError(
            f"{name} has {len(data) / 1e6:.0f} MB; at most {limit / 1e6:.0f} MB are read.",
            "Save it smaller, as JPEG for example.",
        )


def _open(data: bytes, name: str) -> Image.Image:
    """The header alone; no pixel is decoded."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ImageError(f"{name} is not a picture in a format that is read here.", f"Give {NAMES}.") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} has too many pixels.", "Scale it down first.") from error
    except DAMAGE as error:
        raise _damaged(name) from error


def _check_pixels(source: Image.Image, name: str) -> None:
    limit = settings.max_pixels()
    if source.width * source.height > limit:
        raise ImageError(
            f"{name} has {source.width} x {source.height} pixels; at most {limit / 1e6:.0f} million are read.",
            "Scale it down first.",
        )


def _upright_rgb(source: Image.Image, name: str) -> Image.Image:
    try:
        source.load()
        upright = ImageOps.exif_transpose(source)
        image = _eight_bit(upright)
        if image.mode in TRANSPARENT_MODES or "transparency" in image.info:
            layer = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
        rgb = image.convert("RGB")
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} has too many pixels.", "Scale it down first.") from error
    except MemoryError as error:
        raise ImageError(f"{name} needs more memory than there is.", "Scale it down first.") from error
    except DAMAGE as error:
        raise _damaged(name) from error
    return Image.frombytes("RGB", rgb.size, rgb.tobytes())


def _eight_bit(image: Image.Image) -> Image.Image:
    """16 bits and floats scaled to 8: 65,535 becomes 255, and 257 becomes 1. Other modes pass."""
    if image.mode.startswith("I;16") or image.mode == "I":
        values = np.asarray(image).astype(np.int64)
        wide = values.max(initial=0) > 255
        return Image.fromarray((values.clip(0, 65535) / 257 if wide else values.clip(0, 255)).round().astype(np.uint8))
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image))
        scale = 255.0 if values.max(initial=0) <= 1 else 1.0
        return Image.fromarray((values * scale).clip(0, 255).round().astype(np.uint8))
    return image


def _damaged(name: str) -> ImageError:
    return ImageError(f"{name} is damaged or cut off.", "Copy or save it again, or choose another picture.")
