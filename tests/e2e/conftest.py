"""The app as a visitor meets it: a server of its own, and Debian's chromium on its pages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 60
CHROMIUM = shutil.which("chromium")
# A browser in a container has no sandbox to run in, and would otherwise ask its maker for updates.
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


@dataclass
class Observed:
    """What a page did besides drawing. A test that provokes errors on the console clears `errors` itself."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """The requests that left this machine."""
        return [url for url in self.requests if urlsplit(url).hostname not in ("127.0.0.1", None)]


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app that runs for all browser tests, with an empty cache: http://127.0.0.1:PORT."""
    with serve(tmp_path_factory.mktemp("app")) as (address, _):
        yield address


@contextmanager
def serve(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """An app of its own, its cache and log in `folder`: address and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.address=127.0.0.1", f"--server.port={port}"]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
    environment = {**os.environ, "BITLENS_CACHE": str(folder / "cache")}
    log = folder / "app.log"
    with log.open("wb") as output:
        app = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}", app, log)
        yield f"http://127.0.0.1:{port}", app
    finally:
        app.terminate()
        app.wait(timeout=20)


def _wait_until_healthy(address: str, app: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and app.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5) as answer:
                if answer.read() == b"ok":
                    return
        except urllib.error.URLError:
            time.sleep(0.1)
    pytest.fail(f"the app did not start; it said:\n{log.read_text()}")


# For each module anew: its event loop would stand in the way of tests elsewhere that run their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium: install it (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def observed() -> Observed:
    return Observed()


@pytest.fixture
def page(browser: Browser, observed: Observed) -> Iterator[Page]:
    """An empty tab of a fresh profile. Console errors and requests to other machines fail the test that caused them."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    tab.on("request", lambda request: observed.requests.append(request.url))
    tab.on("websocket", lambda websocket: observed.requests.append(websocket.url))
    tab.on("console", lambda line: observed.errors.append(line.text) if line.type == "error" else None)
    tab.on("pageerror", lambda error: observed.errors.append(str(error)))
    yield tab
    context.close()
    assert observed.errors == []
    assert observed.foreign == []
