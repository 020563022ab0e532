"""Decode a picture that a stranger sent: once, by an allow-list, within limits that are checked before any pixel is.

What comes out is an upright RGB picture without metadata: EXIF rotation applied, alpha composited over white, the first frame
of an animation, 16-bit values scaled (not clipped) to 8.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import struct
import threading
import warnings
import zlib
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageChops, ImageOps, UnidentifiedImageError

from core import settings
from core.errors import ImageError
from core.images.tiff import tile_pixels

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
NAMES = "JPEG, PNG, WebP, GIF, BMP or TIFF"
LONGEST_SIDE = 65_535  # as in JPEG; Pillow keeps 8 bytes for each row besides the pixels
# A progressive JPEG is sent in about ten scans. Each costs a pass over all pixels and may take only 75 bytes of the file.
MOST_SCANS = 100
SCAN = re.compile(rb"\xff\xda\x00(?:\x08\x01|\x0a\x02|\x0c\x03|\x0e\x04)")
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

# Pillow's own limit is looser than _check_pixels, which sees every header first, and does not tell the picture's size.
Image.MAX_IMAGE_PIXELS = None
# Pillow warns of odd files, and logs them to standard error; what matters to a picture's pixels is an error here.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").setLevel(logging.CRITICAL)

# Pictures near the limit take several hundred megabytes while they are decoded: never those of a whole class at once.
_decoding = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Picture:
    """`sha256` is of the bytes that came; `note` says what was left out or changed ("" if nothing)."""

    image: Image.Image = field(repr=False)
    sha256: str
    name: str
    note: str = ""


def decode(data: bytes, name: str = "picture") -> Picture:
    """Bytes to a Picture. Raises ImageError, with the remedy, for whatever is no picture, damaged or too large."""
    _check_bytes(data, name)
    with _decoding:
        source = _open(data, name)
        _check_pixels(source, name)
        _check_scans(source, data, name)
        try:
            _check_tiles(source, data, name)
            notes = _notes(source)
            image = _upright_rgb(source)
        except MemoryError as error:
            raise ImageError(f"{name} needs more memory than there is.", "Scale it down first.") from error
        except DAMAGE as error:
            raise _damaged(name) from error
    return Picture(image, hashlib.sha256(data).hexdigest(), name, notes)


def _check_bytes(data: bytes, name: str) -> None:
    limit = settings.max_upload_bytes()
    if not data:
        raise ImageError(f"{name} is empty.", "Choose the picture again, or another one.")
    if len(data) > limit:
        raise ImageError(
            f"{name} has more than {limit / 1e6:.0f} MB, the most that is read.",
            "Save it smaller, as JPEG for example.",
        )


def _open(data: bytes, name: str) -> Image.Image:
    """The header alone; no pixel is decoded."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ImageError(f"{name} is not a picture in a format that is read here.", f"Give {NAMES}.") from error
    except DAMAGE as error:
        raise _damaged(name) from error


def _check_pixels(source: Image.Image, name: str) -> None:
    limit = settings.max_pixels()
    if source.width * source.height > limit or max(source.size) > LONGEST_SIDE:
        raise ImageError(
            f"{name} has {source.width:,} x {source.height:,} pixels; "
            f"at most {limit / 1e6:.0f} million, and {LONGEST_SIDE:,} to a side, are read.",
            "Scale it down first.",
        )


def _check_scans(source: Image.Image, data: bytes, name: str) -> None:
    scans = len(SCAN.findall(data)) if source.format in ("JPEG", "MPO") else 0
    if scans > MOST_SCANS:
        raise ImageError(f"{name} comes in {scans} scans; at most {MOST_SCANS} are read.", "Save it again.")


def _check_tiles(source: Image.Image, data: bytes, name: str) -> None:
    limit = settings.max_pixels()
    if source.format == "TIFF" and tile_pixels(data) > limit:
        raise ImageError(
            f"{name} is stored in tiles of more than {limit / 1e6:.0f} million pixels.", "Save it again as JPEG or PNG."
        )


def _notes(source: Image.Image) -> str:
    """Sentences. Frames are not counted, which would take reading them all. A phone's MPO adds a preview, not a frame."""
    notes = []
    if source.format != "MPO" and getattr(source, "is_animated", False):
        notes.append("Only the first frame is shown.")
    if source.mode in ("I", "F"):
        notes.append("Its values have no agreed white: they are stretched from the darkest to the brightest.")
    return " ".join(notes)


def _upright_rgb(source: Image.Image) -> Image.Image:
    source.load()
    with suppress(*DAMAGE):  # damaged metadata: the picture itself is sound
        ImageOps.exif_transpose(source, in_place=True)
    image = _eight_bit(source)
    if image.mode in TRANSPARENT_MODES or "transparency" in image.info:
        rgb = _over_white(image if image.mode == "RGBA" else image.convert("RGBA"))
    else:
        rgb = image.convert("RGB")
    rgb.info.clear()
    return rgb


def _over_white(layer: Image.Image) -> Image.Image:
    """RGBA to RGB: alpha * colour + (1 - alpha) * 255. Half transparent black is 127 or 128."""
    rgb = layer.convert("RGB")
    rgb.paste("white", mask=ImageChops.invert(layer.getchannel("A")))
    return rgb


def _eight_bit(image: Image.Image) -> Image.Image:
    """Grey values of 16 bits and more to 8; other modes pass."""
    if image.mode.startswith("I;16"):
        return _from_sixteen(np.asarray(image), image.info.get("transparency"))
    if image.mode in ("I", "F"):
        return _stretched(np.array(image, dtype=np.float32))
    return image


def _from_sixteen(values: np.ndarray, transparent: object) -> Image.Image:
    """Divide by 257 and round: 65,535 becomes 255, and 257 becomes 1. The transparent value, if any, becomes white."""
    grey = (values // 257 + (values % 257 > 128)).astype(np.uint8)
    if isinstance(transparent, int):
        grey[values == transparent] = 255
    return Image.fromarray(grey)


def _stretched(values: np.ndarray) -> Image.Image:
    """Linearly, the least value to 0 and the greatest to 255; what is no finite number becomes 0."""
    finite = np.isfinite(values)
    low = values.min(where=finite, initial=np.inf)
    with np.errstate(all="ignore"):
        values -= low
        values *= 255 / values.max(where=finite, initial=0)
        return Image.fromarray(np.nan_to_num(values).clip(0, 255).round().astype(np.uint8))


def _damaged(name: str) -> ImageError:
    return ImageError(
        f"{name} cannot be decoded: it is damaged, cut off or of an unusual kind.",
        "Save it again as JPEG or PNG, or choose another picture.",
    )
