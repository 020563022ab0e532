"""Imagenette: fetched only when asked for, stopped and gone on with, checked, and unpacked as a whole or not at all."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from torchvision.datasets import Imagenette

from core.cli.fetching import fetch_missing
from core.datasets import imagenette as module
from core.datasets.imagenette import ADDRESS, ARCHIVES, NAMES
from core.datasets.opening import missing, open_set
from core.download import CHUNK
from core.errors import Cancelled, DataError
from core.models.labels import synsets
from tests.datasets.files import picture, write_files


class Handler(SimpleHTTPRequestHandler):
    """Files, from any byte on."""

    def do_GET(self) -> None:
        data = Path(self.translate_path(self.path)).read_bytes()
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        self.wfile.write(data[begin:])

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Published:
    """An archive of Imagenette's layout in a folder that is served, in the place of the published one."""

    path: Path
    patch: pytest.MonkeyPatch

    def write(self, extra: tarfile.TarInfo | None = None, padding: int = 0) -> None:
        with tarfile.open(self.path, "w:gz") as archive:
            _add(archive, "imagenette2-160/noise.bin", np.random.default_rng(0).bytes(padding))
            for part, count in (("train", 120), ("val", 10)):
                for number in range(count):
                    wnid = list(NAMES)[number % 10]
                    name = f"imagenette2-160/{part}/{wnid}/{wnid}_{number}.JPEG"
                    _add(archive, name, picture(count + number, kind="JPEG"))
            if extra:
                archive.addfile(extra)
        self.name(hashlib.md5(self.path.read_bytes()).hexdigest())

    def name(self, md5: str) -> None:
        self.patch.setitem(ARCHIVES, "160px", replace(ARCHIVES["160px"], md5=md5))


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Published]:
    path = tmp_path / "server" / "imagenette2-160.tgz"
    path.parent.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(path.parent))) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setattr(module, "ADDRESS", f"http://127.0.0.1:{server.server_port}/")
        found = Published(path, monkeypatch)
        found.write()
        yield found
        server.shutdown()
        thread.join()


def _ignore(done: int, total: int) -> None:
    pass


def test_it_is_not_fetched_unasked() -> None:
    with pytest.raises(DataError, match="Imagenette \\(320px\\) is not here. Fetch it, 342 MB, or unpack it"):
        open_set("imagenette")
    with pytest.raises(DataError, match="There is no Imagenette 8px. Choose from: 320px, 160px, full."):
        open_set("imagenette:8px")


def test_what_is_missing() -> None:
    found = missing(" Imagenette ")
    assert found is not None and (found.size, found.megabytes, found.is_here) == ("320px", 342, False)
    assert missing("imagenette:full") == ARCHIVES["full"]
    assert missing("signs:5") is missing("/nowhere") is missing("") is None
    with pytest.raises(DataError, match="There is no Imagenette 8px"):
        missing("imagenette:8px")


def test_once_it_is_here(published: Published, cache: Path) -> None:
    archive, seen = ARCHIVES["160px"], list[tuple[int, int]]()
    folder = archive.fetch(lambda *step: seen.append(step))
    size = published.path.stat().st_size
    assert (seen[0], seen[-1]) == ((0, size), (size, size))
    assert folder == cache / "sets" / "imagenette2-160"
    assert archive.is_here and missing("imagenette:160px") is None
    assert archive.fetch(lambda *step: pytest.fail("downloaded twice")) == folder
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    data = open_set("imagenette:160px")
    assert data.name == "Imagenette 160px (test)"
    assert (len(data), data.synsets, data.classes) == (
        10,
        tuple(sorted(NAMES)),
        tuple(NAMES[one] for one in sorted(NAMES)),
    )
    assert {data.title(index)[:9] for index in range(10)} == set(NAMES)
    assert len(open_set("imagenette:160px", "train")) + len(open_set("imagenette:160px", "val")) == 120
    assert not list(folder.glob("*.bin"))  # pictures alone are unpacked


def test_a_stopped_download_goes_on_where_it_stopped(published: Published, cache: Path) -> None:
    published.write(padding=3 * CHUNK)
    here: list[int] = []
    with pytest.raises(Cancelled, match="The download of imagenette2-160.tgz was stopped. Start it again"):
        ARCHIVES["160px"].fetch(lambda done, total: here.append(done), lambda: True)
    assert 0 < here[-1] < published.path.stat().st_size
    assert not ARCHIVES["160px"].is_here
    seen: list[int] = []
    ARCHIVES["160px"].fetch(lambda done, total: seen.append(done))
    assert seen[0] == here[-1]
    assert len(open_set("imagenette:160px")) == 10


def test_a_stopped_unpacking_leaves_no_half_a_set(
    published: Published, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = iter([False, False, *[True] * 9])  # the download is one chunk; then comes picture by picture
    with pytest.raises(Cancelled, match="The unpacking of Imagenette .160px. was stopped"):
        ARCHIVES["160px"].fetch(_ignore, lambda: next(asked))
    assert [path.name for path in (cache / "sets").iterdir()] == ["imagenette2-160.tgz"]
    ARCHIVES["160px"].fetch(lambda *step: pytest.fail("downloaded twice"))
    assert len(open_set("imagenette:160px")) == 10


def test_what_is_not_the_published_one(published: Published, cache: Path) -> None:
    published.name("0" * 32)
    with pytest.raises(DataError, match="is not the published file: its MD5 begins with .* Start again"):
        ARCHIVES["160px"].fetch(_ignore)
    assert list((cache / "sets").iterdir()) == []


def test_an_archive_that_was_put_there_is_checked_and_taken(published: Published, cache: Path) -> None:
    place = write_files(cache / "sets", {"imagenette2-160.tgz": b"of another set"}) / "imagenette2-160.tgz"
    ARCHIVES["160px"].fetch(_ignore)
    assert len(open_set("imagenette:160px")) == 10 and not place.exists()
    shutil.rmtree(cache)
    write_files(cache / "sets", {"imagenette2-160.tgz": published.path.read_bytes()})
    ARCHIVES["160px"].fetch(lambda *step: pytest.fail("downloaded"))
    assert len(open_set("imagenette:160px")) == 10


def test_a_server_that_cannot_be_reached(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ADDRESS", "http://127.0.0.1:1/")
    with pytest.raises(
        DataError, match="imagenette2-160.tgz is not here, and .* cannot be reached .*Put imagenette2-160"
    ):
        ARCHIVES["160px"].fetch(_ignore)


@pytest.mark.parametrize("name", ["/etc/evil.jpg", "imagenette2-160/../../evil.jpg"])
def test_a_name_outside_of_the_set_is_refused(published: Published, cache: Path, name: str) -> None:
    published.write(tarfile.TarInfo(name))
    with pytest.raises(DataError, match="names a file outside of itself"):
        ARCHIVES["160px"].fetch(_ignore)
    assert not ARCHIVES["160px"].is_here and not list(cache.rglob("evil.jpg"))


def test_a_link_is_left_out(published: Published, cache: Path) -> None:
    link = tarfile.TarInfo("imagenette2-160/val/n01440764/link.jpg")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    published.write(link)
    ARCHIVES["160px"].fetch(_ignore)
    assert len(open_set("imagenette:160px")) == 10


def test_no_room_is_said_before_it_starts(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ARCHIVES, "160px", replace(ARCHIVES["160px"], megabytes=10**9))
    with pytest.raises(DataError, match="takes 2,000,000,000 MB until it is unpacked, and .* has room for"):
        ARCHIVES["160px"].fetch(lambda *step: pytest.fail("started"))


def test_the_command_says_the_size_and_shows_a_bar(published: Published, capsys: pytest.CaptureFixture[str]) -> None:
    fetch_missing("imagenette:160px")
    said = capsys.readouterr().err
    assert said.startswith("bitlens: Imagenette (160px) is not here: 99 MB are downloaded.\n")
    assert "Imagenette (160px)" in said.partition("\n")[2]
    fetch_missing("imagenette:160px")
    fetch_missing("signs:5")
    assert capsys.readouterr().err == ""


def test_archives_and_classes_are_torchvisions() -> None:
    theirs = {size: (ADDRESS + archive.file, archive.md5) for size, archive in ARCHIVES.items()}
    assert theirs == Imagenette._ARCHIVES
    assert {synset: names[0] for synset, names in Imagenette._WNID_TO_CLASS.items()} == NAMES
    assert set(NAMES) <= set(synsets("imagenet"))
