"""The first page on every screen, as a visitor without the internet gets it."""

from __future__ import annotations

import tomllib

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import REPOSITORY, Observed
from tests.e2e.screens import SCREENS, Screen, open_page

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_first_page_draws_in_its_theme(page: Page, address: str, observed: Observed, screen: Screen) -> None:
    open_page(page, address, screen)

    expect(page).to_have_title("Compare - Bitlens")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    theme = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text())["theme"][screen.theme]
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", _css(theme["backgroundColor"]))
    # The page fixture fails this test on a console error or a foreign request; it did look at the app's own.
    assert any(url.startswith(address) for url in observed.requests)
    assert any(url.startswith("ws://127.0.0.1") for url in observed.requests)


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_first_page_needs_no_sideways_scrolling(page: Page, address: str, screen: Screen) -> None:
    open_page(page, address, screen)
    wide = page.evaluate("Math.max(...[...document.querySelectorAll('html, .stMain')].map(e => e.scrollWidth))")
    assert 0 < wide <= screen.width


def _css(colour: str) -> str:
    """A colour as a browser reports it: "#FFFFFF" is "rgb(255, 255, 255)"."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"rgb({red}, {green}, {blue})"
