"""Pictures of a sweep as cards: what the networks see, the answers, and a link that opens it in Compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from core.errors import BitlensError
from core.images.draw import data_uri
from core.sweeps.changed import Answer, Thumbnail, thumbnails
from core.sweeps.history import Found
from core.sweeps.link import compare_query
from core.sweeps.opening import opened
from pages.parts.session import literal

STYLE = """<style>
.bl-gallery {display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem}
.bl-shown {border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: 6px; padding: .45rem;
  font-size: .78rem; line-height: 1.35; overflow-wrap: anywhere}
.bl-shown img, .bl-shown .bl-none {display: block; width: 96px; height: 96px; border-radius: 4px; margin: 0 0 .35rem;
  background: color-mix(in srgb, currentColor 10%, transparent)}
.bl-shown div {font-size: inherit}
.bl-shown a {color: inherit; text-decoration: underline}
</style>"""


def draw(cards: Sequence[str]) -> None:
    st.html(f'{STYLE}<div class="bl-gallery" role="list">{"".join(cards)}</div>')


def pictures(found: Found, wanted: Sequence[int]) -> Mapping[int, Thumbnail]:
    """None where the set is not here, or is another by now; that is said."""
    try:
        return {one.picture: one for one in _thumbnails(found.plan.data, found.conditions.data, tuple(wanted), found)}
    except BitlensError as error:
        st.caption(literal(str(error)))
        return {}


@st.cache_resource(max_entries=8, show_spinner="Looking for the pictures")
def _thumbnails(data: str, fingerprint: str, wanted: tuple[int, ...], _found: Found) -> list[Thumbnail]:
    return thumbnails(opened(_found.plan), _found.conditions, wanted)


def card(found: Found, variant: int, number: int, picture: Thumbnail | None, body: str) -> str:
    """Of the picture of that number, `body` in HTML below its title; the link shows FP32 and the variant, by its place."""
    title = picture.title if picture else f"picture {number}"
    image = '<span class="bl-none"></span>'
    if picture is not None and picture.image is not None:
        image = f'<img src="{data_uri(picture.image, "JPEG")}" alt="{escape(title, quote=True)}">'
    query = None if picture is None else compare_query(found.plan, found.plan.variants[variant], number)
    link = "" if query is None else f'<a href="./?{escape(query, quote=True)}" target="_self">Open in Compare</a>'
    return f'<div class="bl-shown" role="listitem">{image}<div>{escape(title)}</div>{body}{link}</div>'


def answer(title: str, given: Answer) -> str:
    return f"<div>{escape(title)}: {escape(given.label)} {given.score:.2f}</div>"
