"""How a job stands, and the buttons that steer it."""

from __future__ import annotations

import time

import streamlit as st

from core.errors import BitlensError
from core.jobs.records import DEAD_S, Job
from core.jobs.start import go_on
from core.jobs.store import shared_jobs
from pages.parts.job_words import span
from pages.parts.session import literal, problem

KEPT = {
    True: "What was finished is kept: it can go on from there.",
    False: "A training does not go on from the middle: it can begin again, and comes out the same.",
}
NOT_DONE = "not_done"  # in the session's state: a job, and why what its button asks could not be done


def is_live(job: Job) -> bool:
    """Whether it may change by itself."""
    return job.state in ("queued", "running")


def draw(job: Job, standing: str, keeps: bool) -> None:
    """`standing` says how far it is while it runs; `keeps` that it goes on from where it stopped."""
    if job.state != "done":
        st.progress(min(1.0, job.progress), literal(_sentence(job, standing, keeps)))
    else:
        st.caption(_sentence(job, standing, keeps))
    if job.state == "failed" and job.error is not None:
        problem(f"{job.error['message']} {job.error['remedy']}")
    _buttons(job, keeps)
    _say_what_was_not_done(job)


def _say_what_was_not_done(job: Job) -> None:
    """Until another button is pressed or another job is looked at."""
    name, words = st.session_state.get(NOT_DONE, (job.id, ""))
    if name != job.id:
        del st.session_state[NOT_DONE]
    elif words:
        problem(words)


def _sentence(job: Job, standing: str, keeps: bool) -> str:
    if job.state == "queued":
        return _queued(job)
    if job.state == "running":
        return _running(job, standing, keeps)
    took = "" if job.seconds is None or job.ended is None else f" {span(job.seconds)} after it began"
    if job.state == "done":
        return f"Done{took}."
    return f"{job.state.capitalize()} at {job.progress:.0%}{took}. {KEPT[keeps]}"


def _queued(job: Job) -> str:
    if job.attended and (runner := _runner(job)):
        return f"Waits for its turn: {runner} is running, and one job runs at a time."
    if job.attended or _is_fresh(job):
        return "Its process is starting."
    return "No process carries it out. Resume starts one."


def _runner(job: Job) -> str:
    """The job that it waits for, empty where none runs."""
    running = [one for one in shared_jobs().jobs() if one.state == "running" and one.id != job.id and one.attended]
    return f"the {running[0].kind} {running[0].id}" if running else ""


def _is_fresh(job: Job) -> bool:
    started: float = st.session_state.get(f"started_{job.id}", 0.0)
    return time.time() - max(job.created, started) < DEAD_S


def _running(job: Job, standing: str, keeps: bool) -> str:
    if not job.attended:
        return f"Its process has died at {job.progress:.0%}. {KEPT[keeps]}"
    return f"{standing} It will {job.wish} when what it is at is finished." if job.wish else standing


def _buttons(job: Job, keeps: bool) -> None:
    """Each has a place of its own, so that none jumps under a finger."""
    if job.state == "done":
        return
    stands = job.state == "paused" or (is_live(job) and not job.attended and not _is_fresh(job)) or job.wish == "pause"
    with st.container(horizontal=True):
        if job.state in ("failed", "cancelled"):
            _button("Retry", job, "retry", KEPT[keeps])
            return
        if stands:
            _button("Resume", job, "resume", KEPT[keeps])
        else:
            _button("Pause", job, "pause", f"Stop when what it is at is finished. {KEPT[keeps]}")
        _button("Cancel", job, "cancel", "Stop for good; Retry can take it up again.")


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
