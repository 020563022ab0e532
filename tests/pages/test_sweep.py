"""The Sweep page by Streamlit's own test client, with jobs made by hand; no process is started and no network loaded."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import DataError
from core.jobs import start
from core.jobs.database import Database
from core.jobs.records import Job
from core.jobs.store import shared_jobs, store_file
from core.sweeps import begin as beginning
from core.sweeps import history, launch
from core.sweeps.carry_out import carry_out
from core.sweeps.plan import Plan
from core.sweeps.store import SweepStore
from tests.datasets.files import write_files
from tests.sweeps.fakes import FakeNetworks, FakeSet, plan

REPOSITORY = Path(__file__).resolve().parents[2]
OWNER = f"elsewhere:{os.getpid()}:1"


class Cells(HTMLParser):
    """The rows of the results' table, each a list of its cells' texts; and the caption."""

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


@pytest.fixture(autouse=True)
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Job]]:
    """A store of the test's own, no recorded sweeps, and the jobs whose process would have been started."""
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(beginning, "batch_size", lambda graphs: 6)
    monkeypatch.setattr(history, "recorded", list)
    found: list[Job] = []
    for module in (launch, start):
        monkeypatch.setattr(module, "start_process", found.append)
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


def done(data: FakeSet | None = None, chosen: Plan | None = None) -> Job:
    """A finished sweep over 20 pictures, of which FIXED-8 has every fourth wrong."""
    job = begun(data, chosen)
    shared_jobs().finish(job.id, OWNER, "done")
    return shared_jobs().get(job.id)


def begun(data: FakeSet | None = None, chosen: Plan | None = None) -> Job:
    """The same while its process lives, every batch written."""
    chosen = chosen or plan()
    job = shared_jobs().add("sweep", chosen.to_json())
    assert shared_jobs().claim(job.id, OWNER)
    carry_out(chosen, SweepStore(shared_jobs(), job.id, OWNER), data or FakeSet(20), FakeNetworks())
    return shared_jobs().get(job.id)


def cells(app: AppTest) -> Cells:
    return Cells(next(one.proto.body for one in app.get("html") if "<table" in one.proto.body))


def words(app: AppTest) -> str:
    """All that the page says, as a person reads it."""
    kinds = (app.caption, app.error, app.info, app.warning, app.markdown)
    said = [one.value for kind in kinds for one in kind] + [one.proto.text for one in app.get("progress")]
    return re.sub(r"\\(.)", r"\1", "\n".join(said))


def test_an_empty_store_invites_and_says_how_much_it_would_be() -> None:
    app = opened()
    assert "No sweep has been started" in words(app)
    assert "3 networks × 3 formats = 9 variants, over 1,000 pictures: 9,000 answers." in words(app)
    assert app.selectbox(key="weights").options == ["Signs (60 classes)", "A file"]
    assert app.multiselect(key="formats").value == ["fp32", "fixed16", "fixed8"]


def test_start_makes_a_job_of_the_choices_and_shows_it(started: list[Job]) -> None:
    app = opened(networks="SqueezeNet")
    app.number_input(key="signs_pictures").set_value(60).run()
    app.button(key="start").click().run()
    assert not app.exception
    (job,) = shared_jobs().jobs()
    assert [one.id for one in started] == [job.id] and job.kind == "sweep"
    wanted = Plan(("squeezenet",), ("signs",), ("fp32", "fixed16", "fixed8"), "signs:60:0")
    assert Plan.from_json(job.plan) == wanted
    assert app.query_params["job"] == job.id
    assert "Its process is starting." in words(app)


def test_a_preset_fills_the_formats_in_and_follows_them() -> None:
    app = opened(networks="SqueezeNet")
    app.selectbox(key="preset").select("Bit widths of weights alone").run()
    formats = app.multiselect(key="formats").value
    assert formats[:3] == ["fp32", "w2a16", "w3a16"] and formats[-1] == "fixed16" and len(formats) == 16
    app.multiselect(key="formats").set_value(["fp32", "int8"]).run()
    assert app.selectbox(key="preset").value == "A choice of your own"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "pictures"),
        ({"cat/a.jpg": b"no picture", "dog/b.jpg": b"nor this"}, "None of the set's 2 classes is one that the network"),
    ],
    ids=["empty", "other classes"],
)
def test_a_folder_that_cannot_be_swept_is_refused_and_the_choices_stay(
    files: dict[str, bytes], said: str, tmp_path: Path, started: list[Job]
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    write_files(folder, files)
    app = opened(set="A folder or zip", networks="SqueezeNet", formats=["FP32", "FIXED-4"])
    app.text_input(key="path").set_value(str(folder)).run()
    app.button(key="start").click().run()
    assert not app.exception
    assert any(said in one.value.replace("\\", "") for one in app.error)
    assert not started and not shared_jobs().jobs()
    assert app.text_input(key="path").value == str(folder)
    assert app.multiselect(key="formats").value == ["fp32", "fixed4"]


def test_a_path_that_is_none_is_refused(started: list[Job]) -> None:
    app = opened(set="A folder or zip", networks="SqueezeNet")
    app.text_input(key="path").set_value("/nowhere").run()
    app.button(key="start").click().run()
    assert "There is no data set at '/nowhere'." in words(app) and not started


def test_a_finished_sweep_is_shown_from_the_store_alone() -> None:
    job = done()
    app = opened(job=job.id)
    found = cells(app)
    assert found.caption == "Over 20 pictures of by hand"
    assert found.rows[1] == ["SqueezeNet, weights photos"]
    assert [cell.strip() for cell in found.rows[3]] == [
        *("▼ FIXED-8", "20", "75.00", "53.13 to 88.81", "95.00", "75.00", "0.0625"),
        *("undecided", "undecided", "", "reference, emulated"),
    ]
    assert "Done" in words(app)
    assert [one.label for one in app.get("download_button")] == ["CSV", "JSON", "Parquet"]
    assert not [one for one in app.button if one.label in ("Pause", "Resume", "Cancel", "Retry")]


def test_what_is_missing_is_said() -> None:
    job = done(FakeSet(20, broken=(3,)), plan(formats=("fp32", "fp16", "fixed8")))
    said = words(opened(job=job.id))
    assert "1 of 20 pictures cannot be read and are left out: 3.png." in said
    assert "squeezenet FP16 failed:" in said


def test_the_newest_is_shown_and_any_other_can_be_chosen() -> None:
    first, second = done(), done(FakeSet(12))
    app = opened()
    assert cells(app).caption == "Over 12 pictures of by hand"
    app.selectbox(key="shown_sweep").set_value(first.id).run()
    assert cells(app).caption == "Over 20 pictures of by hand"
    assert app.query_params["job"] == first.id
    history_table = app.table[0].value.to_dict("records")
    assert [row["Job"] for row in history_table] == [second.id, first.id]
    assert [row["State"] for row in history_table] == ["done", "done"]


def test_a_link_to_a_job_that_is_not_here_says_so() -> None:
    done()
    app = opened(job="<b>none</b>")
    assert "There is no job named <b>none</b> here." in words(app)
    assert cells(app).caption.startswith("Over 20")


def test_a_running_sweep_can_be_paused_and_cancelled() -> None:
    job = begun()
    app = opened(job=job.id)
    assert "100% of 40 answers" in words(app)
    assert cells(app).caption.startswith("So far, over 20 pictures")
    app.button(key=f"pause_{job.id}").click().run()
    assert shared_jobs().get(job.id).wish == "pause"
    assert "It will pause when what it is at is finished." in words(app)
    app.button(key=f"resume_{job.id}").click().run()
    assert shared_jobs().get(job.id).wish == ""
    app.button(key=f"cancel_{job.id}").click().run()
    assert shared_jobs().get(job.id).wish == "cancel"


def test_a_dead_worker_is_said_and_another_one_started(started: list[Job]) -> None:
    job = begun()
    with shared_jobs().database.transaction() as sql:
        sql.execute("UPDATE jobs SET heartbeat = ?, created = ?", (time.time() - 60, time.time() - 90))
    app = opened(job=job.id)
    assert "Its process has died at 100%." in words(app)
    app.button(key=f"resume_{job.id}").click().run()
    assert [one.id for one in started] == [job.id]
    assert shared_jobs().get(job.id).state == "queued"


def test_a_job_that_waits_says_for_which() -> None:
    first = begun()
    second = shared_jobs().add("sweep", plan().to_json())
    assert not shared_jobs().claim(second.id, OWNER)
    assert f"Waits for its turn: the sweep {first.id} is running" in words(opened(job=second.id))


def test_a_failed_sweep_says_why_and_can_be_tried_again(started: list[Job]) -> None:
    job = begun()
    shared_jobs().finish(job.id, OWNER, "failed", DataError("The disk is gone.", "Plug it in."))
    app = opened(job=job.id)
    assert "The disk is gone. Plug it in." in words(app)
    app.button(key=f"retry_{job.id}").click().run()
    assert [one.id for one in started] == [job.id]


def test_a_damaged_store_was_moved_aside_and_the_page_says_where() -> None:
    store_file().parent.mkdir(parents=True)
    store_file().write_bytes(b"this is no database" * 100)
    app = opened()
    assert "The store of jobs was damaged. It was moved to" in words(app)
    assert app.button(key="start")


def test_a_locked_store_is_a_sentence_and_can_be_opened_when_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    done()
    shared_jobs.cache_clear()
    monkeypatch.setattr(Database.__init__, "__defaults__", (0.1,))  # seconds of patience
    with closing(sqlite3.connect(store_file(), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        app = opened()
        assert "is held by another program." in words(app)
        assert app.selectbox(key="set").value == "Signs"
    app.button(key="again_jobs").click().run()
    assert cells(app).caption == "Over 20 pictures of by hand"


def test_the_page_is_drawn_without_torch() -> None:
    code = "import sys, pages.parts.sweeping; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY).returncode == 0
