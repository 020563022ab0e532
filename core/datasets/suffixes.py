"""Which files of a data set matter, by their names."""

from __future__ import annotations

from pathlib import PurePosixPath

READ = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
# Pictures too, though none that are read here: they count as unreadable, so that nobody misses them later.
UNREAD = {".heic", ".heif", ".avif", ".svg", ".psd", ".dng", ".cr2", ".nef", ".arw", ".jp2", ".jxl", ".ico", ".tga"}
LISTS = {".txt", ".parquet"}
ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"}


def is_picture(name: str) -> bool:
    return _suffix(name) in READ | UNREAD


def is_kept(name: str) -> bool:
    """Worth unpacking: a picture, or a list of labels."""
    return is_picture(name) or _suffix(name) in LISTS


def is_archive(name: str) -> bool:
    return _suffix(name) in ARCHIVES


def is_hidden(part: str) -> bool:
    """A file or folder that the system put there."""
    return part.startswith(".") or part in ("__MACOSX", "Thumbs.db", "@eaDir")


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
