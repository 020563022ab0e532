"""What the tests of the Sweep page's parts share: a store of the test's own, the page opened, its words and tables."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core.jobs import start
from core.jobs.records import Job
from core.jobs.store import shared_jobs
from core.retraining import launch as retraining
from core.sweeps import begin, history, launch

REPOSITORY = Path(__file__).resolve().parents[2]
OWNER = f"elsewhere:{os.getpid()}:1"


class Cells(HTMLParser):
    """The rows of a table, each a list of its cells' texts; and the caption."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.caption = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag if tag in ("td", "th", "caption") else self._inside
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside in ("td", "th"):
            self.rows[-1][-1] += data
        if self._inside == "caption":
            self.caption += data


HOME: dict[str, object] = {
    "server.address": "127.0.0.1",
    "server.allowedHosts": [],
    "ip_address": None,
    "Host": "localhost:8501",
    "Origin": "http://localhost:8501",
}


def visitor(patch: pytest.MonkeyPatch, **other: object) -> None:
    """One who sits at the machine of a server that nobody else can reach, but for what is `other`.

    The names are those of the server's options, of headers, and the visitor's address, None for this machine's own.
    """
    now = HOME | other
    patch.setattr(st, "get_option", lambda name: now[name] if name in now else config.get_option(name))
    patch.setattr(ContextProxy, "ip_address", now["ip_address"])
    patch.setattr(ContextProxy, "headers", {name: text for name, text in now.items() if name[0].isupper()})


@contextmanager
def own_store(folder: Path) -> Iterator[list[Job]]:
    """A store of the test's own, no recorded sweeps, batches of six; the jobs whose process would have been started."""
    found: list[Job] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITLENS_CACHE", str(folder / "cache"))
        patch.setattr(begin, "batch_size", lambda graphs: 6)
        patch.setattr(history, "recorded", list)
        visitor(patch)
        for module in (launch, retraining, start):
            patch.setattr(module, "start_process", lambda jobs, job: found.append(job))
        for cached in (shared_jobs, history.shipped):
            cached.cache_clear()
        yield found
    for cached in (shared_jobs, history.shipped):
        cached.cache_clear()


def opened(**query: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
    app.switch_page("pages/scripts/sweep.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def tables(app: AppTest) -> list[Cells]:
    return [Cells(one.proto.body) for one in app.get("html") if "<table" in one.proto.body]


def words(app: AppTest) -> str:
    """All that the page says, as a person reads it."""
    kinds = (app.caption, app.error, app.info, app.warning, app.markdown)
    said = [one.value for kind in kinds for one in kind] + [one.proto.text for one in app.get("progress")]
    return re.sub(r"\\(.)", r"\1", "\n".join(said))
