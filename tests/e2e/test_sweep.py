"""Sweep as a visitor uses it: a sweep on Signs from the page, with the tab closed meanwhile; a pause; every screen."""

from __future__ import annotations

import csv
import io
import os
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.models.weights import availability
from tests.e2e.conftest import Observed, serve
from tests.e2e.screens import DRAWN_MS, SCREENS, Screen, wait_until_drawn

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not availability("squeezenet", "signs").present, reason="the signs weights are not here"),
]
LONG_MS = 120_000
ROWS = ":nth-match(.bl-table, 1) tbody tr"  # there are more tables below it


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweeps")


@pytest.fixture(scope="module")
def own(folder: Path) -> Iterator[str]:
    """The address of an app with a store of its own, in `folder`."""
    with serve(folder) as (address, _):
        yield address


def open_sweep(page: Page, observed: Observed, address: str, query: str = "", screen: Screen = SCREENS[0]) -> None:
    page.set_viewport_size({"width": screen.width, "height": screen.height})
    page.emulate_media(color_scheme=screen.theme)
    page.goto(f"{address}/sweep{query}")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible(timeout=DRAWN_MS)
    wait_until_drawn(page)
    # Streamlit looks for its server under the page's address first.
    observed.errors[:] = [words for words in observed.errors if "404 (Not Found)" not in words]


def start(page: Page, observed: Observed, address: str, pictures: int) -> str:
    """The number of the job."""
    query = f"?signs_pictures={pictures}&networks=SqueezeNet&formats=FP32&formats=FIXED-8"
    open_sweep(page, observed, address, query)
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile(r"job=\w+"), timeout=DRAWN_MS)
    return page.url.split("job=")[1].split("&")[0]


def test_a_sweep_goes_on_without_its_tab_and_is_found_again(
    page: Page, observed: Observed, browser: Browser, own: str
) -> None:
    job = start(page, observed, own, 60)
    page.goto("about:blank")
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(f"{own}/sweep?job={job}")
        expect(tab.get_by_text("Done", exact=False).first).to_be_visible(timeout=LONG_MS)
        expect(tab.locator(ROWS)).to_have_count(3)
        expect(tab.locator(ROWS).nth(2)).to_contain_text("FIXED-8")
        expect(tab.locator(ROWS).nth(2)).to_contain_text("reference, emulated")
        with tab.expect_download(timeout=LONG_MS) as download:
            tab.get_by_role("button", name="CSV", exact=True).click()
        rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert [(row["format"], row["images"]) for row in rows] == [("fp32", "60"), ("fixed8", "60")]
    shown = float(rows[0]["top1"])
    assert 0 < float(rows[0]["top1_low"]) < shown <= float(rows[0]["top1_high"]) <= 100


def test_a_new_server_knows_the_page_of_a_tab_that_was_left_open(
    page: Page, observed: Observed, tmp_path: Path
) -> None:
    with serve(tmp_path) as (address, _):
        open_sweep(page, observed, address)
        expect(page).to_have_title("Sweep - Bitlens")
        expect(page.get_by_text("Page not found")).to_have_count(0)
        expect(page.get_by_role("link", name="Compare")).to_be_visible()
        page.goto("about:blank")


def test_a_sweep_is_paused_and_goes_on(page: Page, observed: Observed, own: str) -> None:
    start(page, observed, own, 900)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(re.compile(r"^Paused at \d+%"))).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile(r"% of 1,800 answers"))).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile(r"^Cancelled at \d+%"))).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("button", name="Retry")).to_be_visible()


@pytest.mark.parametrize("part", ["Accuracy", "Layer by layer", "RE-TRAIN"])
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_every_screen_shows_it_without_sideways_scrolling(
    page: Page, observed: Observed, own: str, screen: Screen, part: str
) -> None:
    open_sweep(page, observed, own, f"?part={part}", screen)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    wide = page.evaluate("Math.max(...[...document.querySelectorAll('html, .stMain')].map(e => e.scrollWidth))")
    assert 0 < wide <= screen.width


def test_a_retraining_is_started_and_cancelled(page: Page, observed: Observed, own: str) -> None:
    open_sweep(page, observed, own, "?part=RE-TRAIN&control=false")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text(re.compile("drawing Signs"))).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile(r"^Cancelled at \d+%"))).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_role("button", name="Retry")).to_be_visible()


@pytest.mark.slow
def test_a_process_that_was_killed_is_said_and_its_sweep_goes_on(
    page: Page, observed: Observed, own: str, folder: Path
) -> None:
    job = start(page, observed, own, 600)
    expect(page.get_by_text(re.compile(r"[1-9]\d?% of 1,200 answers"))).to_be_visible(timeout=LONG_MS)
    with closing(sqlite3.connect(folder / "cache" / "jobs.sqlite")) as store:
        (owner,) = store.execute("SELECT owner FROM jobs WHERE id = ?", (job,)).fetchone()
    os.kill(int(owner.split(":")[1]), signal.SIGKILL)
    expect(page.get_by_text(re.compile(r"^Its process has died at [1-9]\d?%"))).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile("^Done .* after it began"))).to_be_visible(timeout=LONG_MS)
    expect(page.locator(ROWS).nth(2)).to_contain_text("600")
