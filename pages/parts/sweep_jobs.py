"""The sweeps that there are: one is shown, as it stands in the store; while it runs, anew each second."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import streamlit as st

from core.errors import DataError
from core.jobs.store import shared_jobs
from core.sweeps.history import Entry, Found, Standing, history, shipped, standing
from pages.parts import sweep_control, sweep_results
from pages.parts.session import literal, problem
from pages.parts.sweep_said import said
from pages.parts.sweep_words import day_and_time, span, state

NOTHING = (
    "No sweep has been started on this machine yet. Choose pictures, networks and formats, and press Start: what is "
)
NOTHING += "found appears here as it comes. It goes on when this tab is closed, and can be paused."
REDRAW_S = 3.0
Records = Mapping[str, tuple[str, Found]]


def draw() -> None:
    entries, records = history(shared_jobs()), _records()
    if not entries and not records:
        st.info(NOTHING)
        return
    name = _choose(entries, records)
    if name in records:
        st.caption(f"**Recorded.** {literal(records[name][0])}. It ships with Bitlens; nothing was computed here.")
        sweep_results.draw(records[name][1], name)
    else:
        _job(name)
    _all(entries)


def _records() -> Records:
    try:
        return {f"recorded-{name}": found for name, found in shipped().items()}
    except DataError as error:
        problem(error)
        return {}


def _choose(entries: Sequence[Entry], records: Records) -> str:
    """The one in the address bar, so that it is a link to what is shown; else one that runs, a recorded one, the newest."""
    titles = {one.job.id: f"{day_and_time(one.job.created)}: {one.what} ({one.job.id})" for one in entries}
    titles |= {name: f"Recorded: {title}" for name, (title, _) in records.items()}
    asked = st.query_params.get("job")
    if asked is not None and asked not in titles:
        st.warning(literal(f"There is no sweep named {asked} here."))
    running = [one.job.id for one in entries if sweep_control.is_live(one.job) and one.job.attended]
    st.session_state["shown_job"] = asked if asked in titles else next(iter([*running, *records, *titles]))
    return str(
        st.selectbox("Sweep", list(titles), format_func=titles.__getitem__, key="shown_job", on_change=_into_address)
    )


def _into_address() -> None:
    st.query_params["job"] = st.session_state["shown_job"]


def _job(name: str) -> None:
    now = standing(shared_jobs(), name)
    if sweep_control.is_live(now.entry.job):
        _live(name)
        return
    sweep_control.draw(now)
    if now.found is None:
        st.info("It has no results.")
    else:
        sweep_results.draw(now.found, name)


@st.fragment(run_every="1s")
def _live(name: str) -> None:
    with said("live"):
        now = standing(shared_jobs(), name)
        if not sweep_control.is_live(now.entry.job):
            st.rerun()
        sweep_control.draw(now)
        found = _throttled(name, now)
        if found is not None:
            sweep_results.table(found, running=True)


def _throttled(name: str, now: Standing) -> Found | None:
    """The table's statistics cost: what was shown last is shown again for REDRAW_S seconds."""
    last: tuple[str, float, Found] | None = st.session_state.get("last_found")
    if last is not None and last[0] == name and time.monotonic() - last[1] < REDRAW_S:
        return last[2]
    if now.found is not None:
        st.session_state["last_found"] = (name, time.monotonic(), now.found)
    return now.found


def _all(entries: Sequence[Entry]) -> None:
    if entries:
        with st.expander(f"All sweeps on this machine ({len(entries)})"):
            st.table([_line(one) for one in entries], alt="Every sweep: when, what, state, how far and how long")


def _line(one: Entry) -> dict[str, str]:
    job = one.job
    return {
        "When": day_and_time(job.created),
        "What": literal(one.what),
        "State": state(job),
        "Done": f"{job.progress:.0%}",
        "Took": "" if job.seconds is None or not job.ended else span(job.seconds),
        "Job": job.id,
    }
