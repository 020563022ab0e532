"""What goes wrong in one part of a page is said in its place, and the other parts are there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import BitlensError, StoreError
from core.jobs.store import shared_jobs
from pages.parts.session import problem


@contextmanager
def said(place: str) -> Iterator[None]:
    """A store that cannot be used can be opened anew: what held it may be gone."""
    try:
        yield
    except StoreError as error:
        problem(error)
        st.button("Open the store again", key=f"again_{place}", on_click=shared_jobs.cache_clear)
    except BitlensError as error:
        problem(error)
