"""Download one file: with progress, stoppable, going on where it stopped, and checked before it gets its name."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

from core.errors import BitlensError, Cancelled

CHUNK = 1 << 18
TIMEOUT_SECONDS = 30
Report = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes in all."""


@dataclass(frozen=True)
class Source:
    """Where a file is published. `digest` is the beginning of its sum, in hexadecimal, by `algorithm` of hashlib.

    `raised` is the kind of error where it cannot be had; `variable` of the environment names another folder for it.
    """

    url: str
    digest: str
    algorithm: str
    raised: type[BitlensError]
    variable: str


def download(source: Source, target: Path, report: Report, cancelled: Callable[[], bool] = lambda: False) -> Path:
    """Fetch `source` to `target`, by way of `target`.part, which a later call goes on from.

    Raises Cancelled once `cancelled()` is true; the source's own kind of error where the server, the network, the disk or the
    checksum says no, or another download of the same file is under way.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _part(source, target) as part:
            _receive(source, target, part, report, cancelled)
            part.flush()
            _check(source, target, part)
            Path(part.name).replace(target)
    except OSError as error:
        raise source.raised(
            f"{target} cannot be written ({error.strerror or error}).",
            f"Make room there, or name another folder in {source.variable}.",
        ) from error
    return target


@contextmanager
def _part(source: Source, target: Path) -> Iterator[BufferedRandom]:
    """The unfinished file, held by this download alone, and positioned at its end."""
    with target.with_name(target.name + ".part").open("a+b") as part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise source.raised(f"{target.name} is being downloaded already.", "Wait until it is here.") from error
        part.seek(0, os.SEEK_END)
        try:
            yield part
        finally:
            if not os.fstat(part.fileno()).st_size:
                Path(part.name).unlink(missing_ok=True)


def _receive(source: Source, target: Path, part: BufferedRandom, report: Report, cancelled: Callable[[], bool]) -> None:
    """Append what is still missing to `part`."""
    with _request(source, target, part.tell()) as response:
        if response is None:
            return
        if response.status != http.client.PARTIAL_CONTENT:
            part.truncate(0)
        done = part.seek(0, os.SEEK_END)
        total = done + int(response.headers.get("Content-Length", 0))
        report(done, total)
        for chunk in _chunks(source, target, response):
            part.write(chunk)
            done += len(chunk)
            report(done, total)
            if cancelled():
                raise Cancelled(
                    f"The download of {target.name} was stopped.", "Start it again: it goes on where it stopped."
                )
    if done < total:
        raise _interrupted(source, target, f"after {done / 1e6:.1f} of {total / 1e6:.1f} MB")


def _chunks(source: Source, target: Path, response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body as it arrives. Its own errors are told apart from those of the disk."""
    try:
        while chunk := response.read1(CHUNK):
            yield chunk
    except (OSError, http.client.HTTPException) as error:
        raise _interrupted(source, target, f"by the network ({error})") from error


@contextmanager
def _request(source: Source, target: Path, begin: int) -> Iterator[http.client.HTTPResponse | None]:
    """The answer for the bytes from `begin` on; None where the server has no more."""
    request = urllib.request.Request(source.url, headers={"User-Agent": "bitlens"})
    if begin:
        request.add_header("Range", f"bytes={begin}-")
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise _absent(source, target, f"{source.url} answers {error.code} ({error.reason})") from error
        yield None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise _absent(source, target, f"{source.url} cannot be reached ({reason})") from error
    else:
        with response:
            yield response


def _check(source: Source, target: Path, part: BufferedRandom) -> None:
    part.seek(0)
    digest = hashlib.file_digest(part, source.algorithm).hexdigest()
    if not digest.startswith(source.digest):
        part.truncate(0)
        raise source.raised(
            f"What was downloaded as {target.name} is not the published file: its {source.algorithm.upper()} begins with "
            f"{digest[: len(source.digest)]}, not {source.digest}.",
            f"Start again; if it comes out the same, put {target.name} into {target.parent} by other means.",
        )


def _absent(source: Source, target: Path, reason: str) -> BitlensError:
    """The error for a file that is not here and cannot be fetched now."""
    return source.raised(f"{target.name} is not here, and {reason}.", remedies(target))


def remedies(target: Path) -> str:
    return f"Put {target.name} into {target.parent}, or connect to the internet and fetch it."


def _interrupted(source: Source, target: Path, where: str) -> BitlensError:
    return source.raised(
        f"The download of {target.name} was cut off {where}.", "Start it again: it goes on where it stopped."
    )
