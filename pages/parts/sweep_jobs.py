"""The sweeps that there are: one is shown, as it stands in the store; while it runs, anew each second."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from core.jobs.store import shared_jobs
from core.sweeps.history import Entry, Standing, history, standing
from pages.parts import sweep_control, sweep_results
from pages.parts.session import literal
from pages.parts.sweep_said import said
from pages.parts.sweep_words import day_and_time, span, state

NOTHING = (
    "No sweep has been started on this machine yet. Choose pictures, networks and formats, and press Start: what is "
)
NOTHING += "found appears here as it comes. It goes on when this tab is closed, and can be paused."
REDRAW_S = 3.0


def draw() -> None:
    entries = history(shared_jobs())
    if not entries:
        st.info(NOTHING)
        return
    name = _choose(entries)
    found = standing(shared_jobs(), name)
    if sweep_control.is_live(found.entry.job):
        _live(name)
    else:
        sweep_control.draw(found)
        sweep_results.draw(found)
    _all(entries)


def _choose(entries: Sequence[Entry]) -> str:
    """The job in the address bar, so that it is a link to what is shown; else the newest."""
    by_name = {one.job.id: one for one in entries}
    asked = st.query_params.get("job")
    if asked is not None and asked not in by_name:
        st.warning(literal(f"There is no sweep named {asked} here. The newest is shown."))
    st.session_state["shown_job"] = asked if asked in by_name else entries[0].job.id
    return str(
        st.selectbox(
            "Sweep",
            list(by_name),
            format_func=lambda name: f"{day_and_time(by_name[name].job.created)}: {by_name[name].what} ({name})",
            key="shown_job",
            on_change=_into_address,
        )
    )


def _into_address() -> None:
    st.query_params["job"] = st.session_state["shown_job"]


@st.fragment(run_every="1s")
def _live(name: str) -> None:
    with said("live"):
        found = standing(shared_jobs(), name)
        if not sweep_control.is_live(found.entry.job):
            st.rerun()
        sweep_control.draw(found)
        sweep_results.partial(_throttled(found))


def _throttled(found: Standing) -> Standing:
    """The table's statistics cost: what was shown last is shown again for REDRAW_S seconds."""
    last: tuple[float, Standing] | None = st.session_state.get("last_standing")
    if last is not None and last[1].store is found.store and time.monotonic() - last[0] < REDRAW_S:
        return last[1]
    st.session_state["last_standing"] = (time.monotonic(), found)
    return found


def _all(entries: Sequence[Entry]) -> None:
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
