"""The server's memory stays bounded over many different uploads."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.models.weights import availability
from tests.e2e.conftest import serve
from tests.e2e.screens import DRAWN_MS, open_page, wait_until_drawn

UPLOADS, SETTLED = 50, 20
GROWTH_MB = 150


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.skipif(not availability("squeezenet", "photos").present, reason="the photos weights are not here")
def test_fifty_uploads_do_not_pile_up(page: Page, tmp_path: Path) -> None:
    """From the 20th upload to the 50th the server's resident memory grows by less than 150 MB; the figures are printed."""
    rng = np.random.default_rng(0)
    with serve(tmp_path) as (address, app):
        open_page(page, f"{address}/?from=Upload")
        resident = []
        for index in range(UPLOADS):
            upload(page, f"photo-{index}.jpg", rng.integers(0, 256, (750, 1000, 3), dtype=np.uint8))
            resident.append(memory(app.pid, "VmRSS"))
        peak = memory(app.pid, "VmHWM")
        page.goto("about:blank")  # the page must not miss its server
    print(f"\nserver: {resident[0]:.0f} MB after 1 upload, {resident[-1]:.0f} MB after {UPLOADS}, peak {peak:.0f} MB")
    assert resident[-1] - resident[SETTLED - 1] < GROWTH_MB


def upload(page: Page, name: str, pixels: np.ndarray) -> None:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG")
    remove = page.get_by_test_id("stFileChipDeleteBtn").get_by_role("button")
    if remove.count():
        remove.click()
        expect(page.get_by_text("the answers appear here")).to_be_visible(timeout=DRAWN_MS)
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": stream.getvalue()}
    )
    expect(page.get_by_alt_text(f"{name}, with the crop")).to_be_visible(timeout=DRAWN_MS)
    expect(page.locator(".bl-card:not([aria-busy])")).to_have_count(18, timeout=DRAWN_MS)
    wait_until_drawn(page)


def memory(process: int, field: str) -> float:
    """A field of /proc/PID/status in MB."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) / 1000
