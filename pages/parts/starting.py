"""The Start button: a job is begun, and it is said where it is shown or why it could not be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core.errors import BitlensError
from core.jobs.records import Job
from pages.parts.session import literal, problem

T = TypeVar("T")
ANCHOR = "sweep"  # of the page's title
STARTED, NOT_STARTED = (
    "started_here",
    "not_started",
)  # in the session's state: for which choices, and what is said of them


def button(key: str, choices: T | None, launch: Callable[[T], Job]) -> None:
    """For the `choices`, None while there are none to start with; what is said of them stays until they change."""
    if st.button("Start", type="primary", width="stretch", key=key, disabled=choices is None) and choices is not None:
        _start(key, choices, launch)
    _say(key, choices)


def _start(key: str, choices: T, launch: Callable[[T], Job]) -> None:
    """The new job is shown; where it cannot be started the choices stay."""
    st.session_state.pop(STARTED, None)
    st.session_state.pop(NOT_STARTED, None)
    try:
        with st.spinner("Looking at the pictures …"):
            job = launch(choices)
    except BitlensError as error:
        st.session_state[NOT_STARTED] = key, choices, str(error)
        return
    st.session_state[STARTED] = key, choices, job.id
    st.query_params["job"] = job.id
    st.toast(f"Started {job.id}: it is shown at the top of the page.")
    st.rerun()


def _say(key: str, choices: object) -> None:
    for name, say in ((NOT_STARTED, problem), (STARTED, _where)):
        for_key, for_choices, words = st.session_state.get(name, ("", None, ""))
        if for_key == key and for_choices != choices:
            del st.session_state[name]
        elif for_key == key:
            say(words)


def _where(name: str) -> None:
    st.caption(f"Started {literal(name)}: [it is shown at the top of the page](#{ANCHOR}).")
