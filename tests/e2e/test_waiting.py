"""How long a visitor waits: figures to read, printed by `pytest -s -m slow tests/e2e/test_waiting.py`. A test asserts no time."""

from __future__ import annotations

import io
import statistics
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.images.samples import samples
from core.models.catalog import ARCHITECTURES
from core.models.weights import availability
from tests.e2e.conftest import serve
from tests.e2e.screens import DRAWN_MS, open_page, wait_until_drawn

CARDS = 18
# Looks at every frame that the browser draws: when the first answer is on the screen, and when the last is.
WATCH = """(name) => {
    const began = performance.now();
    window.seen = {};
    const look = () => {
        const picture = document.querySelector("img[alt*='with the crop']");
        const count = document.querySelectorAll(".bl-card:not([aria-busy])").length;
        if (picture && picture.alt.startsWith(name)) {
            if (count > 0) window.seen.first ??= performance.now() - began;
            if (count >= 18) window.seen.all ??= performance.now() - began;
        }
        if (!window.seen.all) requestAnimationFrame(look);
    };
    look();
}"""


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.skipif(
    not all(availability(network, "photos").present for network in ARCHITECTURES),
    reason="the photos weights are not all here",
)
def test_how_long_an_upload_takes(page: Page, tmp_path: Path) -> None:
    """A new server's first upload, and each sample after it as a photo of 12 million pixels, with the networks loaded."""
    with serve(tmp_path) as (address, _):
        open_page(page, f"{address}/?from=Upload")
        waits = [upload(page, f"photo-{place}.jpg", one.file) for place, one in enumerate(samples())]
        page.goto("about:blank")  # the page must not miss its server
    first, everything = ([wait[place] for wait in waits] for place in (0, 1))
    print(f"\nfirst card: {first[0]:.0f} ms on a new server, then median {statistics.median(first[1:]):.0f} ms")
    print(f"all {CARDS} cards: {everything[0]:.0f} ms, then median {statistics.median(everything[1:]):.0f} ms")
    assert all(0 < one <= whole for one, whole in zip(first, everything, strict=True))


def upload(page: Page, name: str, file: Path) -> tuple[float, float]:
    """Milliseconds from the drop to the first card and to the last."""
    stream = io.BytesIO()
    Image.open(file).convert("RGB").resize((4000, 3000)).save(stream, "JPEG", quality=90)
    remove = page.get_by_test_id("stFileChipDeleteBtn").get_by_role("button")
    if remove.count():
        remove.click()
        expect(page.get_by_text("the answers appear here")).to_be_visible(timeout=DRAWN_MS)
        wait_until_drawn(page)
    page.evaluate(WATCH, name)
    photo = {"name": name, "mimeType": "image/jpeg", "buffer": stream.getvalue()}
    page.locator("input[type=file]").first.set_input_files(photo)
    page.wait_for_function("window.seen.all", timeout=DRAWN_MS)
    wait_until_drawn(page)
    found: tuple[float, float] = page.evaluate("[window.seen.first, window.seen.all]")
    return found
