"""Decoded pictures, shared by all sessions within one bound; what was forgotten is decoded again when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache

from core import settings
from core.errors import ImageError
from core.images.decode import Picture, decode
from core.serving.cache import LeastRecent

LARGEST_KEPT = 4  # of the largest pictures: 832 MB at 52 million pixels of 4 bytes


class Pictures:
    """Keyed on whatever names one upload for good: a file of many megabytes is not hashed at every click."""

    def __init__(self) -> None:
        self._kept: LeastRecent[Picture | ImageError] = LeastRecent(LARGEST_KEPT * settings.max_pixels(), _pixels)

    def decoded(self, key: Hashable, name: str, read: Callable[[], bytes]) -> Picture:
        """The picture under `key`, else the one that `read` gives. Raises ImageError, the same again for the same key."""
        found = self._kept.get((key, name))
        if found is None:
            found = _decode(read(), name)
            self._kept.put((key, name), found)
        if isinstance(found, ImageError):
            raise ImageError(found.message, found.remedy)
        return found

    def error(self, key: Hashable, name: str) -> ImageError | None:
        """Why the picture could not be decoded, where that was tried."""
        found = self._kept.get((key, name))
        return found if isinstance(found, ImageError) else None


def _pixels(found: Picture | ImageError) -> int:
    return found.image.width * found.image.height if isinstance(found, Picture) else 1


def _decode(data: bytes, name: str) -> Picture | ImageError:
    try:
        return decode(data, name)
    except ImageError as error:
        # Made anew: the one that was raised remembers every frame it passed, and with them the file's bytes.
        return ImageError(error.message, error.remedy)


@cache
def shared_pictures() -> Pictures:
    return Pictures()
