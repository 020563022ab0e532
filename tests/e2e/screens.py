"""The screens that every page is looked at on, and how to open it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page, expect

DRAWN_MS = 90_000  # a busy machine included: how fast a page is has tests of its own


@dataclass(frozen=True)
class Screen:
    """A window's size in CSS pixels, and the theme that its system prefers."""

    name: str
    width: int
    height: int
    theme: Literal["light", "dark"]


SCREENS = (
    Screen("light", 1280, 800, "light"),
    Screen("dark", 1280, 800, "dark"),
    Screen("narrow", 390, 844, "light"),
)


def open_page(page: Page, address: str, screen: Screen = SCREENS[0]) -> None:
    """Open a page on a screen and wait until its script has run to its end."""
    page.set_viewport_size({"width": screen.width, "height": screen.height})
    page.emulate_media(color_scheme=screen.theme)
    page.goto(address)
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    """Wait until the page's script has run to its end."""
    finished = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(finished).to_be_attached(timeout=DRAWN_MS)
    expect(page.locator("[data-testid=stMain] h1")).to_be_visible(timeout=DRAWN_MS)
