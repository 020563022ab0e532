"""What a format changed: the classes that suffer, and the pictures, each with a link that opens it in Compare."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from core.datasets.opening import open_set
from core.errors import BitlensError
from core.images.draw import data_uri
from core.sweeps.changed import Answer, Changed, Thumbnail, changed, thumbnails
from core.sweeps.history import Found
from core.sweeps.link import compare_query
from core.sweeps.naming import weights_names
from core.sweeps.rows import is_baseline
from pages.parts import sweep_classes
from pages.parts.session import literal

KINDS = {"lost": "lost", "gained": "gained", "wrong": "wrong both times", "unknown": "changed"}
STYLE = """<style>
.bl-gallery {display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem}
.bl-shown {border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: 6px; padding: .45rem;
  font-size: .78rem; line-height: 1.35; overflow-wrap: anywhere}
.bl-shown img, .bl-shown .bl-none {display: block; width: 96px; height: 96px; border-radius: 4px; margin: 0 0 .35rem;
  background: color-mix(in srgb, currentColor 10%, transparent)}
.bl-shown div {font-size: inherit}
.bl-shown a {color: inherit; text-decoration: underline}
</style>"""


def draw(found: Found) -> None:
    names = weights_names(one.weights for one in found.conditions.variants)
    titles = {
        number: f"{one.title}, weights {names[one.weights]}"
        for number, one in enumerate(found.conditions.variants)
        if not is_baseline(one)
    }
    if not titles:
        return
    st.header("What changed")
    number = st.selectbox(
        "Against FP32, in",
        list(titles),
        index=None,
        format_func=titles.__getitem__,
        placeholder="choose a network and format",
        key=f"gallery_{found.results.job}",
    )
    if number is not None:
        for detail in found.table.details:
            if detail.record == found.conditions.variants[number]:
                sweep_classes.draw(detail)
        _gallery(found, number)


def _gallery(found: Found, number: int) -> None:
    shown = changed(found.results, found.conditions, number)
    if shown is None:
        st.info("FP32 was not run on these pictures: there is nothing to compare with.")
        return
    if not shown:
        st.info("No first answer changed.")
        return
    st.subheader("Pictures whose answer changed")
    pictures = _pictures(found, tuple(one.picture for one in shown))
    cards = "".join(_card(found, number, one, pictures.get(one.picture)) for one in shown)
    st.html(f'{STYLE}<div class="bl-gallery" role="list">{cards}</div>')
    st.caption("The most telling first: those where the confidence in the right class moved most.")


def _pictures(found: Found, wanted: tuple[int, ...]) -> Mapping[int, Thumbnail]:
    """None where the set is not here, or is another by now; that is said."""
    try:
        return {one.picture: one for one in _thumbnails(found.plan.data, found.conditions.data, wanted, found)}
    except BitlensError as error:
        st.caption(literal(str(error)))
        return {}


@st.cache_resource(max_entries=8, show_spinner="Looking for the pictures")
def _thumbnails(data: str, fingerprint: str, wanted: tuple[int, ...], _found: Found) -> list[Thumbnail]:
    return thumbnails(open_set(data), _found.conditions, wanted)


def _card(found: Found, number: int, one: Changed, picture: Thumbnail | None) -> str:
    title = picture.title if picture else f"picture {one.picture}"
    image = '<span class="bl-none"></span>'
    if picture is not None and picture.image is not None:
        image = f'<img src="{data_uri(picture.image, "JPEG")}" alt="{escape(title, quote=True)}">'
    truth = "" if one.truth is None else f"<div>{escape(one.truth)}: <b>{KINDS[one.kind]}</b></div>"
    after = found.conditions.variants[number].own_title
    query = None if picture is None else compare_query(found.plan, found.plan.variants[number], one.picture)
    link = "" if query is None else f'<a href="./?{escape(query, quote=True)}" target="_self">Open in Compare</a>'
    answers = f"{_answer('FP32', one.before)}{_answer(after, one.after)}"
    return f'<div class="bl-shown" role="listitem">{image}<div>{escape(title)}</div>{truth}{answers}{link}</div>'


def _answer(title: str, given: Answer) -> str:
    return f"<div>{escape(title)}: {escape(given.label)} {given.score:.2f}</div>"
