"""One colour and one marker for each number format, and what every figure shares: its text takes the page's colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.compare.records import Answer
from core.formats import FORMATS, NumberFormat, number_format
from core.models.catalog import architecture
from core.variant import REGIMES, Variant

NEUTRAL = "#7F7F7F"  # as far from black as from white: 4:1 on both
GRID = "rgba(127, 127, 127, 0.25)"
TRANSPARENT = "rgba(0, 0, 0, 0)"
ORANGE, BROWN, GREEN, WHITE = "#E69F00", "#A06000", "#009E73", "#FFFFFF"
VIOLET = "#6A3D9A"
DARK, LIGHT = "#12161A", "#FFFFFF"  # a dark line in a light edge is seen on every colour
TOP = 12  # pixels


@dataclass(frozen=True)
class Look:
    """A format's colour (#RRGGBB) and plotly marker symbol."""

    colour: str
    marker: str

    @property
    def glyph(self) -> str:
        return GLYPHS[self.marker]


# Okabe and Ito's palette, told apart by people with any kind of colour blindness.
LOOKS = {
    "fp32": Look(NEUTRAL, "circle"),
    "fp16": Look("#56B4E9", "square"),
    "bf16": Look("#0072B2", "diamond"),
    "fixed16": Look(GREEN, "triangle-up"),
    "fixed8": Look("#D55E00", "triangle-down"),
    "int8": Look("#CC79A7", "cross"),
}
# The other widths of FIXED-N: their own marker, and a shade of orange below 8 bits, of green above.
FIXED_MARKERS = {
    **{2: "x", 3: "star", 4: "pentagon", 5: "hexagon", 6: "triangle-left", 7: "triangle-right"},
    **{9: "star-triangle-up", 10: "star-triangle-down", 11: "star-square", 12: "star-diamond"},
    **{13: "hourglass", 14: "bowtie", 15: "hexagram"},
}
# Those of a registered format without a look of its own; where there are more such formats, the shade tells them apart.
SPARE_MARKERS = ("diamond-tall", "diamond-wide", "hexagon2", "octagon")
# The markers as letters: exact where Unicode has the shape, alike where it has not.
GLYPHS = {
    **{"circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲", "triangle-down": "▼", "cross": "✚"},
    **{"circle-open": "○", "square-open": "□", "diamond-open": "◇", "triangle-up-open": "△", "triangle-down-open": "▽"},
    **{"x": "✖", "star": "★", "pentagon": "⬟", "hexagon": "⬢", "triangle-left": "◀", "triangle-right": "▶"},
    **{"x-open": "✕", "star-open": "☆", "pentagon-open": "⬠", "hexagon-open": "⬡"},
    **{"triangle-left-open": "◁", "triangle-right-open": "▷"},
    **{"star-triangle-up": "▴", "star-triangle-down": "▾", "star-square": "✦", "star-diamond": "❖"},
    **{"star-triangle-up-open": "▵", "star-triangle-down-open": "▿", "star-square-open": "✧", "star-diamond-open": "⟡"},
    **{"hourglass": "⧗", "bowtie": "⧓", "hexagram": "✶"},
    **{"hourglass-open": "⧖", "bowtie-open": "⋈", "hexagram-open": "✡"},
    **{"diamond-tall": "⬧", "diamond-wide": "⬬", "hexagon2": "⬣", "octagon": "⯃"},
}


def look(name: str) -> Look:
    """The look of any format by name. Raises RequestError for an unknown one."""
    chosen = number_format(name)
    if chosen.name in LOOKS:
        return LOOKS[chosen.name]
    if chosen.kind != "fixed":
        return _spare(chosen)
    return _composed(chosen) if chosen.weight_bits != chosen.activation_bits else _fixed(chosen.weight_bits)


def _spare(chosen: NumberFormat) -> Look:
    """By its place among the registered formats without a look: the first is a violet lozenge, the second a lighter oval."""
    place = [name for name in FORMATS if name not in LOOKS].index(chosen.name)
    return Look(mix(VIOLET, WHITE, place % 8 / 12), SPARE_MARKERS[place % len(SPARE_MARKERS)])


def _fixed(bits: int) -> Look:
    below_8 = mix(ORANGE, BROWN, (bits - 2) / 5)
    return Look(below_8 if bits < 8 else mix(GREEN, WHITE, (16 - bits) / 16), FIXED_MARKERS[bits])


def _composed(chosen: NumberFormat) -> Look:
    """wXaY lies between FIXED-X and FIXED-Y in colour, and is FIXED-Y's marker, hollow."""
    weights, activations = look(f"fixed{chosen.weight_bits}"), look(f"fixed{chosen.activation_bits}")
    return Look(mix(weights.colour, activations.colour, 0.5), f"{activations.marker}-open")


def mix(a: str, b: str, part: float) -> str:
    """A colour between two, linear in sRGB: mix("#000000", "#FF8000", 0.5) is "#804000"."""
    channels = ((int(a[i : i + 2], 16), int(b[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(low + part * (high - low)):02X}" for low, high in channels)


def marker(variant: Variant, size: int) -> dict[str, object]:
    """A plotly marker: RE-TRAIN has a solid outline around it, RAW none."""
    own, outline = look(variant.format), outline_width(variant)
    line = {"width": outline, "color": NEUTRAL}
    return {"color": own.colour, "symbol": own.marker, "size": size + 2 * outline, "line": line}


def outline_width(variant: Variant) -> float:
    """Pixels."""
    return 0.0 if variant.regime == "raw" else 1.5


def columns(variants: Iterable[Variant]) -> list[str]:
    """The columns of a grid, by the variants' titles: formats in the order in which they come, RAW before RE-TRAIN."""
    found = list(variants)
    formats = list(dict.fromkeys(variant.format for variant in found))
    ordered = sorted(found, key=lambda variant: (formats.index(variant.format), REGIMES.index(variant.regime)))
    return list(dict.fromkeys(variant.title for variant in ordered))


def figure(finding: str, drawn: str, height: int) -> go.Figure:
    """An empty figure of `height` pixels. Its `meta` has the finding and what is drawn, which the page writes above it:
    text of a page breaks where its column ends, plotly's does not.
    """
    empty = go.Figure()
    empty.update_layout(
        meta={"finding": finding, "drawn": drawn},
        paper_bgcolor=TRANSPARENT,
        plot_bgcolor=TRANSPARENT,
        height=TOP + height,
        margin={"l": 8, "r": 8, "t": TOP, "b": 8},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
    )
    axis = {"showgrid": True, "gridcolor": GRID, "zerolinecolor": GRID, "automargin": True, "title": {"standoff": 12}}
    empty.update_xaxes(axis)
    empty.update_yaxes(axis)
    return empty


def network_title(answers: Sequence[Answer]) -> str:
    """The network that all of `answers` are of, as people read it: "VGG-16"."""
    return architecture(answers[0].variant.network).title


def size(count: int) -> str:
    """Bytes as people read them, in powers of ten: 1040000 is "1.04 MB"."""
    unit, name = (1e6, "MB") if count >= 1e6 else (1e3, "kB")
    return f"{count / unit:.2f} {name}"


def sizes(counts: Sequence[int]) -> list[str]:
    """All of a table in one unit: 1040000 and 530000 are "1.040 MB" and "0.530 MB"."""
    if min(counts, default=0) < 1e6 <= max(counts, default=0):
        return [f"{count / 1e6:.3f} MB" for count in counts]
    return [size(count) for count in counts]


def duration(milliseconds: float) -> str:
    """As people read it: 3665.2 is "3.7 s", 12.4 is "12 ms"."""
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"
