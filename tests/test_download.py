from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from core.download import CHUNK, Source, download
from core.errors import BitlensError, Cancelled, DataError, WeightsError

CONTENT = np.random.default_rng(0).bytes(5 * CHUNK + 17)
DIGEST = hashlib.sha256(CONTENT).hexdigest()[:8]


def _source(url: str, digest: str, algorithm: str = "sha256", raised: type[BitlensError] = WeightsError) -> Source:
    return Source(url, digest, algorithm, raised, "BITLENS_WEIGHTS")


@dataclass
class Server:
    """What the local web server does, and which ranges it was asked for."""

    address: str = ""
    content: bytes = CONTENT
    status: int = 200
    stop_after: int | None = None
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)

    def source(self, digest: str = DIGEST) -> Source:
        return _source(f"{self.address}/weights.pth", digest)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.asked.append(asked)
            begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked and state.ranges else 0
            if state.status != 200 or (begin and begin >= len(state.content)):
                self.send_error(state.status if state.status != 200 else 416)
                return
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(state.content) - begin))
            self.end_headers()
            self.wfile.write(state.content[begin : state.stop_after])

        def log_message(self, *_: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.address = f"http://127.0.0.1:{web.server_port}"
    yield state
    web.shutdown()
    thread.join()
    web.server_close()


def _ignore(done: int, total: int) -> None:
    pass


def test_progress_runs_from_nothing_to_the_whole(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    target = tmp_path / "new" / "weights.pth"
    assert download(server.source(), target, lambda *step: seen.append(step)) == target
    assert target.read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    assert list(target.parent.iterdir()) == [target]


def test_a_stopped_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "weights.pth"
    event = threading.Event()
    with pytest.raises(Cancelled, match="stopped"):
        download(server.source(), target, lambda done, total: event.set() if done else None, event.is_set)
    assert not target.exists()
    here = (tmp_path / "weights.pth.part").stat().st_size
    assert 0 < here < len(CONTENT)
    seen: list[int] = []
    download(server.source(), target, lambda done, total: seen.append(done))
    assert server.asked == [None, f"bytes={here}-"]
    assert seen[0] == here
    assert target.read_bytes() == CONTENT


def test_a_cut_connection_keeps_what_came(server: Server, tmp_path: Path) -> None:
    server.stop_after = 100_000
    with pytest.raises(WeightsError, match=r"cut off after 0.1 of 1.3 MB.*goes on where it stopped"):
        download(server.source(), tmp_path / "weights.pth", _ignore)
    server.stop_after = None
    download(server.source(), tmp_path / "weights.pth", _ignore)
    assert server.asked == [None, "bytes=100000-"]
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


def test_a_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    (tmp_path / "weights.pth.part").write_bytes(CONTENT[:1000])
    server.ranges = False
    download(server.source(), tmp_path / "weights.pth", _ignore)
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


def test_a_whole_part_needs_only_its_check(server: Server, tmp_path: Path) -> None:
    (tmp_path / "weights.pth.part").write_bytes(CONTENT)
    download(server.source(), tmp_path / "weights.pth", _ignore)
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


@pytest.mark.parametrize("left_over", [b"", b"of another file"])
def test_a_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path, left_over: bytes) -> None:
    if left_over:
        (tmp_path / "weights.pth.part").write_bytes(left_over)
    else:
        server.content = b"x" + CONTENT[1:]
    with pytest.raises(WeightsError, match=rf"not the published file: its SHA256 begins with \w{{8}}, not {DIGEST}"):
        download(server.source(), tmp_path / "weights.pth", _ignore)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusal_names_the_answer_and_both_remedies(server: Server, tmp_path: Path, status: int) -> None:
    server.status = status
    words = rf"weights.pth is not here, and .* answers {status} .*Put weights.pth into {tmp_path}, or connect"
    with pytest.raises(WeightsError, match=words):
        download(server.source(), tmp_path / "weights.pth", _ignore)
    assert list(tmp_path.iterdir()) == []


def test_no_connection_names_both_remedies(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and never listens
        source = _source(f"http://127.0.0.1:{unused.getsockname()[1]}/weights.pth", DIGEST)
        with pytest.raises(WeightsError, match=rf"cannot be reached.*refused.*Put weights.pth into {tmp_path}, or"):
            download(source, tmp_path / "weights.pth", _ignore)
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_are_told_apart(server: Server, tmp_path: Path) -> None:
    outcomes: list[str] = []

    def second(done: int, total: int) -> None:
        if done and not outcomes:
            with pytest.raises(WeightsError, match="is being downloaded already") as caught:
                download(server.source(), tmp_path / "weights.pth", _ignore)
            outcomes.append(caught.value.message)

    download(server.source(), tmp_path / "weights.pth", second)
    assert len(outcomes) == 1
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


def test_a_folder_that_cannot_be_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WeightsError, match=r"cannot be written .*BITLENS_WEIGHTS"):
        download(server.source(), tmp_path / "file" / "weights.pth", _ignore)


def test_a_source_has_its_own_sum_and_kind_of_error(server: Server, tmp_path: Path) -> None:
    url, digest = server.source().url, hashlib.md5(CONTENT).hexdigest()
    path = download(_source(url, digest, "md5", DataError), tmp_path / "weights.pth", _ignore)
    assert path.read_bytes() == CONTENT
    server.content = b"x" + CONTENT[1:]
    with pytest.raises(DataError, match=f"its MD5 begins with \\w{{32}}, not {digest}"):
        download(_source(url, digest, "md5", DataError), tmp_path / "other.pth", _ignore)
