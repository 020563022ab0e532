"""Compare as a visitor uses it: an upload, a link, a phone, a download."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.images.samples import sample
from core.models.weights import availability
from tests.e2e.conftest import Observed, serve
from tests.e2e.screens import SCREENS, open_page, wait_until_drawn

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not all(availability(network, "photos").present for network in ("vgg16", "googlenet", "squeezenet")),
        reason="the photos weights are not all here",
    ),
]
CARDS = ".bl-card"
ANSWERED = ".bl-card:not([aria-busy])"
LONG_MS = 90_000


def wait_for_cards(page: Page, count: int) -> None:
    expect(page.locator(ANSWERED)).to_have_count(count, timeout=LONG_MS)
    wait_until_drawn(page)


def test_an_upload_fills_all_cards(page: Page, address: str) -> None:
    open_page(page, f"{address}/?from=Upload")
    page.locator("input[type=file]").first.set_input_files(sample("coffee").file)
    wait_for_cards(page, 18)
    expect(page.locator(CARDS).first).to_contain_text("native")
    expect(page.locator("article[aria-label='VGG-16, FIXED-8']")).to_contain_text("emulated")
    expect(page.get_by_text("What changed")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=LONG_MS)


def test_the_address_bar_is_a_link_to_the_view(page: Page, address: str) -> None:
    open_page(page, f"{address}/?sample=Rocket&networks=SqueezeNet&formats=FP32&formats=FIXED-4")
    wait_for_cards(page, 2)
    texts = page.locator(CARDS).all_inner_texts()
    page.reload()
    wait_for_cards(page, 2)
    again = page.locator(CARDS).all_inner_texts()
    assert [text.split("waited")[0] for text in again] == [text.split("waited")[0] for text in texts]
    assert "sample=Rocket" in page.url


def test_on_a_phone_only_the_grid_swipes(page: Page, address: str) -> None:
    open_page(page, address, SCREENS[2])
    wait_for_cards(page, 18)
    sizes = page.evaluate("""() => {
        const grid = document.querySelector('.bl-grid'), body = document.documentElement;
        return [body.scrollWidth, body.clientWidth, grid.scrollWidth, grid.clientWidth];
    }""")
    assert sizes[0] <= sizes[1]
    assert sizes[2] > sizes[3]
    expect(page.locator(".bl-hint")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator(".bl-hint")).to_be_hidden()


def test_several_photos_are_summed_up_and_each_opens(page: Page, address: str) -> None:
    open_page(page, f"{address}/?from=Upload&networks=SqueezeNet&formats=FP32&formats=FIXED-2")
    page.locator("input[type=file]").first.set_input_files([sample(name).file for name in ("cat", "coffee", "rocket")])
    wait_for_cards(page, 2)
    expect(page.get_by_text("All 3 pictures")).to_be_visible(timeout=LONG_MS)
    page.get_by_role("combobox", name="Open picture").click()
    page.get_by_role("option", name="rocket.jpg").click()
    expect(page.get_by_alt_text("rocket.jpg, with the crop")).to_be_visible(timeout=LONG_MS)


@pytest.mark.parametrize(("label", "suffix"), [("JSON", ".json"), ("CSV", ".csv"), ("PNG", ".png")])
def test_results_download(page: Page, address: str, label: str, suffix: str, tmp_path: Path) -> None:
    open_page(page, f"{address}/?networks=SqueezeNet&formats=FP32&formats=FIXED-8")
    wait_for_cards(page, 2)
    with page.expect_download(timeout=LONG_MS) as download:
        page.get_by_role("button", name=label, exact=True).click()
    path = tmp_path / f"result{suffix}"
    download.value.save_as(path)
    if suffix == ".json":
        found = json.loads(path.read_text())
        assert [row["format"] for row in found["results"]] == ["fp32", "fixed8"]
    elif suffix == ".csv":
        assert len(list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))) == 10
    else:
        assert Image.open(path).size[0] > 300


FOCUSED = (
    "document.activeElement.matches('.bl-grid') ? 'grid' : document.activeElement.getAttribute('aria-label') || ''"
)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what `name` begins has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).startswith(name):
            return
    pytest.fail(f"Tab never reaches {name}")


def test_keys_alone_choose_a_picture_and_scroll_the_answers(page: Page, address: str) -> None:
    open_page(page, address, SCREENS[2])
    wait_for_cards(page, 18)
    tab_to(page, "Sample picture")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    end = time.monotonic() + 30
    while "sample=" not in page.url and time.monotonic() < end:
        page.wait_for_timeout(100)
    assert "sample=" in page.url
    # Until the other picture is drawn the cards are still those of the first.
    expect(page.get_by_alt_text("coffee, with the crop")).to_have_count(0, timeout=LONG_MS)
    wait_for_cards(page, 18)
    tab_to(page, "grid")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.bl-grid').scrollLeft > 0", timeout=LONG_MS)


def test_a_photo_dropped_on_the_first_page_is_answered(page: Page, address: str) -> None:
    open_page(page, f"{address}/?networks=SqueezeNet&formats=FP32")
    page.locator("input[type=file]").first.set_input_files(sample("coffee").file)
    expect(page.get_by_alt_text("coffee.jpg, with the crop")).to_be_visible(timeout=LONG_MS)
    wait_for_cards(page, 1)
    page.locator("input[type=file]").first.set_input_files(sample("rocket").file)
    expect(page.get_by_alt_text("rocket.jpg, with the crop")).to_be_visible(timeout=LONG_MS)


def test_a_format_that_is_typed_whole_is_the_only_one_added(page: Page, address: str) -> None:
    open_page(page, f"{address}/?networks=SqueezeNet&formats=FP32")
    wait_for_cards(page, 1)
    page.get_by_role("combobox", name="Formats").click()
    page.keyboard.type("FIXED-4")
    page.keyboard.press("Enter")
    expect(page.get_by_label("SqueezeNet, FIXED-4")).to_be_visible(timeout=LONG_MS)
    wait_for_cards(page, 2)


def test_a_new_server_frames_the_page_at_any_address(page: Page, observed: Observed, tmp_path: Path) -> None:
    """A tab that was left open meets a server that has just been started."""
    with serve(tmp_path) as (address, _):
        open_page(page, f"{address}/compare?networks=SqueezeNet&formats=FP32")
        wait_for_cards(page, 1)
        expect(page.get_by_test_id("stSidebar")).to_have_count(0)
        assert page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').clientWidth") > 1000
        page.goto("about:blank")
    observed.errors.clear()  # Streamlit's own words for an address without a page


def test_a_link_to_a_picture_of_a_set_is_left_by_a_click(page: Page, address: str) -> None:
    open_page(page, f"{address}/?data=signs:50&picture=24&networks=SqueezeNet&formats=FP32&formats=FIXED-8")
    wait_for_cards(page, 2)
    expect(page.get_by_text("This is: Speed limit 90.")).to_be_visible()
    assert "picture=24" in page.url
    page.get_by_role("button", name="Choose another picture").click()
    expect(page.get_by_text("Sample picture")).to_be_visible()
    wait_for_cards(page, 2)
    assert "data=" not in page.url and "picture=" not in page.url and "networks=SqueezeNet" in page.url
