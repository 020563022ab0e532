"""Both themes can be read: contrast as WCAG 2.2 defines it, at level AA."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pages.parts.variants import LARGEST_WEIGHTS_MB

CONFIG = tomllib.loads((Path(__file__).resolve().parent.parent / ".streamlit" / "config.toml").read_text())
TEXT, LARGE_OR_GRAPHIC = 4.5, 3.0  # the least ratios of level AA
CAPTION = 0.6  # Streamlit draws a caption's text at this opacity
SELECTED = 0.1  # and the ground of a selected pill in the primary colour at this one


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2): #FFFFFF is 1, #777777 is 0.184."""
    channels = [value / 255 for value in bytes.fromhex(colour.removeprefix("#"))]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """Contrast ratio, 1 to 21: #767676 on white is 4.54, the lightest grey that passes for text."""
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def over(colour: str, ground: str, opacity: float) -> str:
    """A translucent colour as it is seen on its ground."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + "".join(f"{round(opacity * top + (1 - opacity) * below):02X}" for top, below in pairs)


def test_contrast_agrees_with_published_ratios() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)
    assert contrast("#0000FF", "#FFFFFF") == pytest.approx(8.59, abs=0.005)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_theme_is_readable(name: str) -> None:
    theme = CONFIG["theme"][name]
    primary, text = theme["primaryColor"], theme["textColor"]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(text, ground) >= 7
        assert contrast(theme["linkColor"], ground) >= TEXT
        assert contrast(theme["codeTextColor"], ground) >= TEXT
        assert contrast(over(text, ground, CAPTION), ground) >= TEXT
    # The primary colour is text on a chosen pill or tab, and the ground of white bold labels.
    ground = theme["backgroundColor"]
    assert contrast(primary, over(primary, ground, SELECTED)) >= TEXT
    assert contrast("#FFFFFF", primary) >= LARGE_OR_GRAPHIC


def test_visitors_are_protected() -> None:
    assert CONFIG["server"]["enableXsrfProtection"] is True
    assert CONFIG["server"]["enableCORS"] is True
    assert CONFIG["server"]["maxUploadSize"] == LARGEST_WEIGHTS_MB  # no request may bring more than the largest upload
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert CONFIG["browser"]["gatherUsageStats"] is False
