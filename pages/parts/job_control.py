"""How a job stands, and the buttons that steer it."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from core.errors import BitlensError
from core.jobs.records import Job
from core.jobs.start import go_on
from core.jobs.store import shared_jobs
from pages.parts.job_standing import is_fresh, sentence
from pages.parts.session import literal, problem

NOT_DONE = "not_done"  # in the session's state: a job, and why what its button asks could not be done


def is_live(job: Job) -> bool:
    """Whether it may change by itself."""
    return job.state in ("queued", "running")


def draw(job: Job, standing: str, kept: str, what: Callable[[Job], str]) -> None:
    """`standing` says how far it is while it runs, `kept` what stays of it where it stops, `what` what a job is about."""
    words = literal(sentence(job, standing, kept, what))
    if job.state != "done":
        st.progress(min(1.0, job.progress), words)
    else:
        st.caption(words)
    if job.state == "failed" and job.error is not None:
        problem(f"{job.error['message']} {job.error['remedy']}")
    _buttons(job, kept)
    _say_what_was_not_done(job)


def _say_what_was_not_done(job: Job) -> None:
    """Until another button is pressed or another job is looked at."""
    name, words = st.session_state.get(NOT_DONE, (job.id, ""))
    if name != job.id:
        del st.session_state[NOT_DONE]
    elif words:
        problem(words)


def _buttons(job: Job, kept: str) -> None:
    """Each has a place of its own, so that none jumps under a finger."""
    if job.state == "done":
        return
    stands = job.state == "paused" or (is_live(job) and not job.attended and not is_fresh(job)) or job.wish == "pause"
    with st.container(horizontal=True):
        if job.state in ("failed", "cancelled"):
            _button("Retry", job, "retry", f"Take it up again. {kept}")
            return
        if stands:
            _button("Resume", job, "resume", f"Go on with it. {kept}")
        else:
            _button("Pause", job, "pause", f"Stop when what it is at is finished; Resume goes on. {kept}")
        _button(
            "Cancel", job, "cancel", "Stop, and keep nobody waiting; Retry goes on with it as Resume does after Pause."
        )


def _button(label: str, job: Job, action: str, words: str) -> None:
    st.button(label, key=f"{action}_{job.id}", on_click=_act, args=(action, job.id), help=words)


def _act(action: str, name: str) -> None:
    """Before the page is drawn again; what cannot be done is said there."""
    st.session_state.pop(NOT_DONE, None)
    try:
        if action in ("resume", "retry"):
            st.session_state[f"started_{name}"] = time.time()
            go_on(shared_jobs(), name)
        elif action == "pause":
            shared_jobs().pause(name)
        else:
            shared_jobs().cancel(name)
    except BitlensError as error:
        st.session_state[NOT_DONE] = name, str(error)
