"""Every odd and hostile file of the table, dropped on the page one after the other by one visitor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core.models.weights import availability
from tests.e2e.screens import DRAWN_MS, open_page, wait_until_drawn
from tests.picture_files import photo, saved
from tests.pictures import READABLE, REFUSED, SVG, Refused

pytestmark = pytest.mark.e2e

HARMLESS = "a*b* $x$ :red[c] `d` <b>e.jpg"  # nothing of this may be read as markup
SENT = [case for case in REFUSED if case.name != "heavy.jpg"]
HEAVY = next(case for case in REFUSED if case not in SENT)
ODD = [case for case in READABLE if case.name in ("one pixel.png", "thin.png", "bomb.png")]


@pytest.fixture
def visitor(page: Page, address: str) -> Iterator[Page]:
    """On the upload of the Compare page, without a network, so that all time goes to pictures. Nothing may look broken."""
    open_page(page, f"{address}/?from=Upload&weights=A+file")
    yield page
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert "Traceback" not in page.inner_text("body")


def test_each_file_gives_a_picture_or_one_sentence(visitor: Page, tmp_path: Path) -> None:
    for readable in READABLE:
        upload(visitor, tmp_path / readable.name, readable.build())
        expect(shown(visitor, readable.name)).to_be_visible(timeout=DRAWN_MS)
        expect(errors(visitor)).to_have_count(0)
        take_back(visitor)
    for refused in SENT:
        upload(visitor, tmp_path / refused.name, refused.build())
        expect(errors(visitor)).to_contain_text(refused.says, timeout=DRAWN_MS)
        expect(errors(visitor)).to_contain_text(refused.name)
        expect(errors(visitor)).to_have_count(1)
        expect(shown(visitor, READABLE[-1].name)).to_be_visible()  # the last that could be read stays
        take_back(visitor)
    upload(visitor, tmp_path / "good.png", saved(photo(), "PNG"))
    expect(shown(visitor, "good.png")).to_be_visible(timeout=DRAWN_MS)


@pytest.mark.skipif(not availability("squeezenet", "photos").present, reason="the photos weights are not here")
def test_a_bad_file_among_good_ones_is_named_as_it_is_called(page: Page, address: str, tmp_path: Path) -> None:
    open_page(page, f"{address}/?networks=SqueezeNet&formats=FP32")
    upload(page, tmp_path / "good.png", saved(photo(), "PNG"))
    expect(shown(page, "good.png")).to_be_visible(timeout=DRAWN_MS)
    upload(page, tmp_path / HARMLESS, b"no picture")
    expect(errors(page)).to_contain_text(f"{HARMLESS} is not a picture", timeout=DRAWN_MS)
    expect(shown(page, "good.png")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize(
    ("case", "says"),
    [(Refused("drawing.svg", lambda: SVG, ""), "not allowed"), (HEAVY, "must be 50.0MB or smaller")],
    ids=["svg", "heavy"],
)
def test_the_uploader_refuses_before_it_sends(visitor: Page, tmp_path: Path, case: Refused, says: str) -> None:
    upload(visitor, tmp_path / case.name, case.build())
    expect(visitor.get_by_test_id("stFileUploader").first).to_contain_text(says, timeout=DRAWN_MS)
    upload(visitor, tmp_path / "good.png", saved(photo(), "PNG"))
    expect(shown(visitor, "good.png")).to_be_visible(timeout=DRAWN_MS)


@pytest.mark.skipif(not availability("squeezenet", "photos").present, reason="the photos weights are not here")
def test_networks_answer_for_the_oddest_pictures(page: Page, address: str, tmp_path: Path) -> None:
    open_page(page, f"{address}/?from=Upload&networks=SqueezeNet&formats=FP32")
    for case in ODD:
        upload(page, tmp_path / case.name, case.build())
        expect(shown(page, case.name)).to_be_visible(timeout=DRAWN_MS)
        expect(page.locator(".bl-card:not([aria-busy])")).to_contain_text("native", timeout=DRAWN_MS)
        take_back(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def upload(page: Page, file: Path, data: bytes) -> None:
    file.write_bytes(data)
    page.locator("input[type=file]").first.set_input_files(file)


def take_back(page: Page) -> None:
    """Remove the one uploaded file, and with it what the page says of it."""
    page.get_by_test_id("stFileChipDeleteBtn").get_by_role("button").click()
    expect(page.get_by_text("the answers appear here")).to_be_visible(timeout=DRAWN_MS)
    expect(errors(page)).to_have_count(0)
    wait_until_drawn(page)


def shown(page: Page, name: str) -> Locator:
    """The picture, arrived and decoded by the browser."""
    return page.locator(f"img[alt^='{name}, with the crop']")


def errors(page: Page) -> Locator:
    return page.get_by_test_id("stAlertContentError")
