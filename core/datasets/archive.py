"""Unpack a zipped data set that a stranger sent: everything is checked before the first byte is written.

It goes into the cache folder under a name made of the zip's content, so that the same file is unpacked once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core import settings
from core.datasets.suffixes import is_archive, is_hidden, is_kept, is_picture
from core.errors import DataError

MOST_FILES = 200_000  # Tiny ImageNet's official zip has 120,000
MOST_NESTED = 8
LONGEST_ENTRY = 512  # bytes in the list of contents for each file, on average
LONGEST_NAME = 255
END = b"PK\x05\x06"
TAIL = 66_000  # the end record, the longest comment behind it, and the two records of 64-bit sizes before it
ZIP64_SHORT = 0xFFFFFFFF
ENCRYPTED = 0x1
# Python takes these apart piece by piece; a kilobyte of the others can become a gigabyte before anyone has asked for it.
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error, ValueError)
CHUNK = 1 << 20


def unpacked(path: Path) -> Path:
    """The folder with the zip's pictures and lists. Raises DataError for what is no zip, unsafe, damaged or too large."""
    try:
        with path.open("rb") as stream:
            _check_contents_size(path, stream)
            stream.seek(0)
            target = _folder(hashlib.file_digest(stream, "sha256").hexdigest()[:16])
            if not target.is_dir():
                _unpack(path, target)
    except OSError as error:
        raise DataError(
            f"{path.name} cannot be unpacked ({error.strerror or error}).",
            f"Make room in {settings.cache_folder()}, or name another folder in BITLENS_CACHE.",
        ) from error
    return target


def forget(digest: str) -> None:
    """Delete what was unpacked of the zip whose SHA-256 begins with these 16 digits, if it was."""
    shutil.rmtree(_folder(digest), ignore_errors=True)


def _folder(digest: str) -> Path:
    return settings.cache_folder() / "sets" / digest


def _unpack(path: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = _checked(path, archive.infolist())
            target.parent.mkdir(parents=True, exist_ok=True)
            _check_room(path, members, target.parent)
            _write(archive, members, target)
    except DAMAGE as error:
        raise DataError(f"{path.name} is damaged, or of an unusual kind.", "Zip the folder again.") from error


def _write(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo], target: Path) -> None:
    """All of it or nothing: into a temporary folder, which then takes its name."""
    with tempfile.TemporaryDirectory(
        prefix=".", suffix=".part", dir=target.parent, ignore_cleanup_errors=True
    ) as folder:
        whole = Path(folder) / "set"
        whole.mkdir()
        for member in members:
            _write_member(archive, member, whole.joinpath(*_parts(member.filename)))
        if not target.is_dir():  # another process may have been faster
            whole.rename(target)


def _write_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path) -> None:
    """Raises DataError where this file system has that name already, as a file or as a folder."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, place.open("xb") as sink:
            shutil.copyfileobj(source, sink, CHUNK)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise DataError(f"The zip names {member.filename} twice.", "Zip the folder of pictures again.") from error


def _check_contents_size(path: Path, stream: BinaryIO) -> None:
    """Python reads the whole list of contents before it says how long that is: millions of entries would fill the memory."""
    stream.seek(0, os.SEEK_END)
    stream.seek(max(0, stream.tell() - TAIL))
    tail = stream.read()
    place = tail.rfind(END)
    if place < 0 or len(tail) < place + 22:
        raise DataError(f"{path.name} is no zip file.", "Give a folder of pictures, or a zip of one.")
    size = struct.unpack_from("<L", tail, place + 12)[0]
    wide = tail.rfind(b"PK\x06\x06", 0, place)
    if size == ZIP64_SHORT and wide >= 0 and len(tail) >= wide + 56:
        size = struct.unpack_from("<Q", tail, wide + 40)[0]
    if size > MOST_FILES * LONGEST_ENTRY:
        raise _too_many(path)


def _checked(path: Path, members: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The members to unpack: pictures and the lists beside them. Raises DataError for anything that a data set has not."""
    if len(members) > MOST_FILES:
        raise _too_many(path)
    for member in members:
        check_name(path, member.orig_filename, member.filename)
        _check_kind(path, member)
    kept = [member for member in members if not member.is_dir() and _is_wanted(member.filename)]
    if not any(is_picture(member.filename) or member.filename.endswith(".parquet") for member in kept):
        raise DataError(
            f"{path.name} holds no pictures.", "Zip a folder of pictures, or of class folders with pictures."
        )
    _check_sizes(path, kept)
    return kept


def _is_wanted(name: str) -> bool:
    return is_kept(name) and not any(is_hidden(part) for part in _parts(name))


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name).parts


def check_name(path: Path, raw: str, name: str) -> None:
    """`raw` as the archive at `path` says it: Python's own clean-up of names is not relied on. Raises DataError."""
    parts = _parts(name)
    unsafe = raw.startswith("/") or "\\" in raw or "\0" in raw or ":" in (parts or ("",))[0] or ".." in parts
    if unsafe or any(len(part.encode(errors="replace")) > LONGEST_NAME for part in parts):
        raise DataError(
            f"{path.name} names a file outside of itself ({raw[:80]!r}).", "Zip the folder of pictures again."
        )
    if len(parts) > MOST_NESTED:
        raise DataError(f"{path.name} nests folders more than {MOST_NESTED} deep.", "Zip a folder of class folders.")


def _check_kind(path: Path, member: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DataError(f"{path.name} holds a link or a device ({member.filename}).", "Zip the pictures themselves.")
    if member.flag_bits & ENCRYPTED:
        raise DataError(f"{path.name} is encrypted.", "Zip it without a password.")
    if member.compress_type not in BOUNDED:
        raise DataError(f"{path.name} is compressed in an unusual way.", "Zip it again, by the usual method (deflate).")
    if is_archive(member.filename):
        raise DataError(
            f"{path.name} holds an archive of its own ({member.filename}), which is not unpacked.",
            "Unpack it, and zip the pictures alone.",
        )


def _check_sizes(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    """By what the zip declares: Python stops reading a member there, so that no more can come out."""
    largest, total = settings.max_upload_bytes(), settings.max_set_bytes()
    for member in members:
        if member.file_size > (largest if is_picture(member.filename) else total):
            raise DataError(
                f"{member.filename} in {path.name} has {member.file_size / 1e6:,.0f} MB; "
                f"a picture may have {largest / 1e6:,.0f}.",
                "Leave it out, or save it smaller.",
            )
    size = sum(member.file_size for member in members)
    if size > total:
        raise DataError(
            f"{path.name} unpacks to {size / 1e6:,.0f} MB; at most {total / 1e6:,.0f} MB are unpacked.",
            "Give fewer pictures, unpack it yourself and give the folder, or raise BITLENS_MAX_SET_MB.",
        )


def _check_room(path: Path, members: Sequence[zipfile.ZipInfo], folder: Path) -> None:
    size, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
    if size > free:
        raise DataError(
            f"{path.name} unpacks to {size / 1e6:,.0f} MB, and {folder} has room for {free / 1e6:,.0f} MB.",
            "Make room there, or name another folder in BITLENS_CACHE.",
        )


def _too_many(path: Path) -> DataError:
    return DataError(f"{path.name} holds more than {MOST_FILES:,} files.", "Give fewer pictures.")
