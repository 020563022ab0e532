"""Pictures of data sets: the one that the address names, such as ?data=signs:2000&picture=17, and the gallery of signs."""

from __future__ import annotations

import streamlit as st

from core.compare.from_set import check_linked, number, picture, truth
from core.datasets.opening import open_set
from core.datasets.picture_set import PictureSet
from core.errors import BitlensError
from core.images.decode import Picture
from core.jobs.store import shared_jobs
from pages.parts.file import File
from pages.parts.session import literal, problem

DATA, NUMBER, SPLIT = "data", "picture", "split"
SIGNS = "signs"
SHOWN_SIGNS = (
    17,
    24,
    41,
    52,
    58,
    101,
)  # large, clear and of several kinds; chosen by eye, before any network was asked


def linked() -> File | None:
    """The picture that the address names; None where it names none, or one that cannot be shown, which is said."""
    text = st.query_params.get(DATA, "")
    if not text:
        return None
    try:
        check_linked(text, shared_jobs)
        split = st.query_params.get(SPLIT)
        data = _opened(text, split)
        return _file(text, split, number(data, st.query_params.get(NUMBER, "0")))
    except BitlensError as error:
        problem(error)
        return None


def leave() -> None:
    """The address names no picture of a set any more."""
    for name in (DATA, NUMBER, SPLIT):
        st.query_params.pop(name, None)


def sign() -> File:
    """One of a few signs, chosen by the visitor."""
    data = _opened(SIGNS, None)
    index = st.selectbox(
        "Sample sign",
        SHOWN_SIGNS,
        format_func=lambda one: data.classes[data.label(one) or 0],
        key="sign",
        bind="query-params",
        on_change=leave,
    )
    return _file(SIGNS, None, index)


@st.cache_resource(max_entries=4, ttl="10m", show_spinner="Opening the set of pictures")
def _opened(text: str, split: str | None) -> PictureSet:
    return open_set(text, split)


@st.cache_resource(max_entries=4, ttl="10m", show_spinner=False)
def _picture(text: str, split: str | None, index: int) -> Picture:
    return picture(_opened(text, split), index)


def _file(text: str, split: str | None, index: int) -> File:
    """Read here and now: what is wrong with it is known before the page shows it. Raises DataError."""
    data, found = _opened(text, split), _picture(text, split, index)
    place = f"{found.name}, picture {index:,} of {data.name}."
    about = f"**{literal(truth(data, index))}** {literal(place)}"
    return File(f"{text}#{index}{f' of {split}' if split else ''}", found.name, lambda: found, about)
