"""The jobs of one kind that there are: one is shown, as it stands in the store; while it runs, anew every second or three."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.jobs.records import Job
from core.jobs.store import shared_jobs
from pages.parts import job_control
from pages.parts.job_said import said
from pages.parts.job_words import day_and_time, span, state
from pages.parts.session import literal

Titles = Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """How jobs of the kind `name` (core.jobs) are shown; `title` is what one is called.

    `what` a job is about, `standing` says how far it is, `partial` draws what it has found so far, and `draw` what it found,
    given the names and titles of the others.
    `kept` says what stays of a job where it stops. `records` are results that ship with Bitlens, by name with their titles.
    """

    name: str
    title: str
    invitation: str
    what: Callable[[Job], str]
    standing: Callable[[Job], str]
    partial: Callable[[Job], None]
    draw: Callable[[Job, Titles], None]
    kept: Callable[[Job], str]
    records: Callable[[], Titles] = dict
    draw_record: Callable[[str, Titles], None] = lambda name, others: None


def draw(kind: Kind) -> None:
    jobs, records = shared_jobs().jobs(kind.name), kind.records()
    if not jobs and not records:
        st.info(kind.invitation)
        return
    titles = {job.id: f"{day_and_time(job.created)}: {kind.what(job)} ({job.id})" for job in jobs}
    titles |= {name: f"Recorded: {title}" for name, title in records.items()}
    running = [job.id for job in jobs if job_control.is_live(job) and job.attended]
    name = _choose(kind, titles, next(iter([*running, *records, *titles])))
    others = {other: title for other, title in titles.items() if other != name}
    if name is None:
        pass
    elif name in records:
        kind.draw_record(name, others)
    else:
        _job(kind, name, others)
    if jobs:
        _all(kind, jobs)


def _choose(kind: Kind, titles: Titles, first: str) -> str | None:
    """The one in the address bar, so that it is a link to what is shown; else the first: one that runs, a record, the newest.

    None where the one in the address bar is not here: another one's results are not what the link promised.
    """
    asked = st.query_params.get("job")
    if asked is not None and asked not in titles:
        st.warning(literal(f"There is no job named {asked} here."))
    key = f"shown_{kind.name}"
    st.session_state[key] = first if asked is None else asked if asked in titles else None
    name = st.selectbox(
        kind.title,
        list(titles),
        index=None if st.session_state[key] is None else 0,
        format_func=titles.__getitem__,
        placeholder="choose one",
        key=key,
        on_change=_into_address,
        args=(key,),
    )
    return None if name is None else str(name)


def _into_address(key: str) -> None:
    if st.session_state[key] is not None:
        st.query_params["job"] = st.session_state[key]


def _job(kind: Kind, name: str, others: Titles) -> None:
    job = shared_jobs().get(name)
    if job_control.is_live(job):
        _control(kind, name)
        _partial(kind, name)
    else:
        job_control.draw(job, "", kind.kept(job), kind.what)
        kind.draw(job, others)


@st.fragment(run_every="1s")
def _control(kind: Kind, name: str) -> None:
    """When the job has ended, the whole page is drawn anew."""
    with said("control"):
        job = shared_jobs().get(name)
        if not job_control.is_live(job):
            st.rerun()
        standing = kind.standing(job) if job.state == "running" else ""
        job_control.draw(job, standing, kind.kept(job), kind.what)


@st.fragment(run_every="3s")
def _partial(kind: Kind, name: str) -> None:
    """Less often: statistics and charts cost."""
    with said("partial"):
        kind.partial(shared_jobs().get(name))


def _all(kind: Kind, jobs: Sequence[Job]) -> None:
    with st.expander(f"All on this machine ({len(jobs)})"):
        st.table([_line(kind, job) for job in jobs], alt="Every job: when, what, state, how far and how long")


def _line(kind: Kind, job: Job) -> dict[str, str]:
    return {
        "When": day_and_time(job.created),
        "What": literal(kind.what(job)),
        "State": state(job),
        "Done": f"{job.progress:.0%}",
        "Took": "" if job.seconds is None or not job.ended else span(job.seconds),
        "Job": job.id,
    }
