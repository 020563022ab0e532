"""Zips that a stranger sends: the good ones are unpacked once, the others are refused before anything is written."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.datasets import archive
from core.datasets.archive import unpacked
from core.errors import DataError
from tests.datasets.files import picture, two_classes, write_zip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_zip_is_unpacked_with_its_pictures_and_lists(tmp_path: Path, cache: Path) -> None:
    files = {f"pets/{name}": data for name, data in two_classes().items()}
    others = {"pets/wnids.txt": b"n01", "pets/run.sh": b"rm", "__MACOSX/pets/cat/._0.png": b"x", "pets/.DS_Store": b"x"}
    folder = unpacked(write_zip(tmp_path / "pets.zip", files | others))
    assert folder.parent == cache / "sets"
    assert _written(folder) == {*files, "pets/wnids.txt"}
    assert all((folder / name).read_bytes() == data for name, data in files.items())
    assert not list(cache.rglob("*.part"))


def test_the_same_zip_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "one.zip", two_classes())
    folder = unpacked(path)
    monkeypatch.setattr(archive, "_write", lambda *_: pytest.fail("unpacked again"))
    assert unpacked(path) == unpacked(path.rename(tmp_path / "other.zip")) == folder
    with pytest.raises(pytest.fail.Exception, match="unpacked again"):
        unpacked(write_zip(tmp_path / "another.zip", two_classes(4)))


def test_another_process_may_be_faster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, member = write_zip(tmp_path / "one.zip", {"a.png": picture(0)}), archive._write_member

    def overtaken(*args: object) -> None:
        monkeypatch.setattr(archive, "_write_member", member)
        unpacked(path)
        member(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(archive, "_write_member", overtaken)
    assert _written(unpacked(path)) == {"a.png"}


def _named(name: str) -> Callable[[Path], Path]:
    return lambda path: write_zip(path, {"a.png": picture(0), name: picture(1)})


def _link(path: Path) -> Path:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return write_zip(path, {"a.png": picture(0), link: b"/etc/passwd"})


def _flagged(path: Path) -> Path:
    """The first entry of the list of contents says that it is encrypted."""
    data = bytearray(write_zip(path, {"a.png": picture(0)}).read_bytes())
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1
    path.write_bytes(data)
    return path


def _understated(path: Path) -> Path:
    """Its content is longer than the zip says."""
    data = bytearray(write_zip(path, {"a.png": bytes(100_000)}).read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, 50)
    path.write_bytes(data)
    return path


def _cut(path: Path) -> Path:
    data = write_zip(path, two_classes()).read_bytes()
    path.write_bytes(data[:-30])
    return path


def _broken(path: Path) -> Path:
    """One byte within the first picture is another one."""
    data = bytearray(write_zip(path, {"a.png": picture(0)}, zipfile.ZIP_STORED).read_bytes())
    data[60] ^= 255
    path.write_bytes(data)
    return path


def _endless_contents(path: Path) -> Path:
    """The end record says that the list of contents has two gigabytes."""
    data = bytearray(write_zip(path, {"a.png": picture(0)}).read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\x05\x06") + 12, 1 << 31)
    path.write_bytes(data)
    return path


def _endless_wide_contents(path: Path) -> Path:
    """The same in a record of 64-bit sizes."""
    data = bytearray(write_zip(path, {"a.png": picture(0)}).read_bytes())
    place = data.index(b"PK\x05\x06")
    struct.pack_into("<L", data, place + 12, 0xFFFFFFFF)
    wide = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 1 << 40, 0)
    path.write_bytes(data[:place] + wide + struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1) + data[place:])
    return path


REFUSED = {
    "parent": (_named("../evil.png"), "names a file outside of itself ('../evil.png')"),
    "hidden parent": (_named("cat/../../evil.png"), "outside of itself"),
    "root": (_named("/tmp/evil.png"), "outside of itself"),
    "backslash": (_named("..\\evil.png"), "outside of itself"),
    "drive": (_named("C:/evil.png"), "outside of itself"),
    "long name": (_named("x" * 300 + ".png"), "outside of itself"),
    "link": (_link, "holds a link or a device (link.png)"),
    "encrypted": (_flagged, "is encrypted. Zip it without a password."),
    "deep": (_named("/".join("abcdefgh") + "/x.png"), "nests folders more than 8 deep"),
    "archive inside": (_named("more.zip"), "holds an archive of its own (more.zip)"),
    "twice": (_named("a.png/b.png"), "twice"),
    "lzma": (lambda path: write_zip(path, {"a.png": picture(0)}, zipfile.ZIP_LZMA), "compressed in an unusual way"),
    "large member": (lambda path: write_zip(path, {"a.png": bytes(50_000_001)}), "a.png in bad.zip has 50 MB"),
    "understated": (_understated, "is damaged"),
    "cut off": (_cut, "is no zip file"),
    "broken": (_broken, "is damaged"),
    "endless contents": (_endless_contents, "holds more than 200,000 files"),
    "endless wide contents": (_endless_wide_contents, "holds more than 200,000 files"),
    "no zip": (lambda path: path.write_bytes(b"words" * 100) and path, "is no zip file. Give a folder"),
    "nothing": (lambda path: (path.write_bytes(b"") and path) or path, "is no zip file"),
    "empty": (lambda path: write_zip(path, {}), "holds no pictures"),
    "no pictures": (lambda path: write_zip(path, {"a.txt": b"x", "b.sh": b"x"}), "holds no pictures"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_nothing_behind(tmp_path: Path, cache: Path, case: str) -> None:
    build, says = REFUSED[case]
    path = build(tmp_path / "in" / "bad.zip") if case not in ("no zip", "nothing") else tmp_path / "in" / "bad.zip"
    if not path.exists():
        path.parent.mkdir()
        build(path)
    with pytest.raises(DataError) as caught:
        unpacked(path)
    assert says in str(caught.value)
    assert caught.value.remedy
    assert not _written(cache)
    assert _written(tmp_path) == {"in/bad.zip"}


def test_a_bomb_is_refused_by_what_it_unpacks_to(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty megabytes in forty kilobytes, in pieces that are each allowed."""
    path = write_zip(tmp_path / "bomb.zip", {f"{number}.png": bytes(1_000_000) for number in range(40)})
    assert path.stat().st_size < 100_000
    monkeypatch.setenv("BITLENS_MAX_SET_MB", "39")
    with pytest.raises(DataError, match="unpacks to 40 MB; at most 39 MB are unpacked.*raise BITLENS_MAX_SET_MB"):
        unpacked(path)
    assert not _written(cache)
    monkeypatch.setenv("BITLENS_MAX_SET_MB", "40")
    assert len(_written(unpacked(path))) == 40


def test_files_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "many.zip", {f"{number}.png": b"" for number in range(11)})
    monkeypatch.setattr(archive, "MOST_FILES", 10)
    with pytest.raises(DataError, match="more than 10 files"):
        unpacked(path)


def test_a_disk_without_room(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "pets.zip", {"a.png": bytes(3_000_000)})
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(9, 9, 2_000_000))
    with pytest.raises(DataError, match="unpacks to 3 MB, and .* has room for 2 MB. Make room there"):
        unpacked(path)
    assert not _written(cache)


def test_a_disk_that_fills_up(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(DataError, match="cannot be unpacked \\(No space left on device\\). Make room in"):
        unpacked(write_zip(tmp_path / "pets.zip", two_classes()))
    assert not _written(cache)
    assert not list((cache / "sets").iterdir())
