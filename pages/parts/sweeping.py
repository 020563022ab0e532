"""The Sweep page below its heading: what is to be started on the left, what has been found on the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.jobs.store import shared_jobs
from pages.parts import job_panel, layers_setup, retrain_setup, sweep_setup
from pages.parts.job_panel import Kind
from pages.parts.job_said import said
from pages.parts.layers_kind import LAYER_JOBS
from pages.parts.retrain_kind import RETRAININGS
from pages.parts.session import literal
from pages.parts.sweep_kind import SWEEPS

# On a phone, where the columns stand one above the other, what was found comes first.
ORDER = "<style>@media (max-width: 640px) {[data-testid=stColumn]:has(.st-key-new_job) {order: 2}}</style>"
SHOWN = "shown"  # in the session's state: the part and job of the last run
Part = tuple[Callable[[], None], Kind]
PARTS: Mapping[str, Part] = {
    "Accuracy": (sweep_setup.draw, SWEEPS),
    "Layer by layer": (layers_setup.draw, LAYER_JOBS),
    "RE-TRAIN": (retrain_setup.draw, RETRAININGS),
}


def page() -> None:
    st.html(ORDER)
    part = _part()
    setup, kind = PARTS[part]
    left, right = st.columns([1, 3.4], gap="medium")
    place = _cleared(right, part)
    with left.container(key="new_job"), said("setup"):
        setup()
    with place.container(), said("jobs"):
        for sentence in shared_jobs().database.notes():
            st.warning(literal(sentence))
        job_panel.draw(kind)


def _cleared(place: DeltaGenerator, part: str) -> DeltaGenerator:
    """Emptied before all else is drawn where another job is to be shown: the last one's results would stand under it."""
    shown = part, st.query_params.get("job")
    before = st.session_state.get(SHOWN, shown)
    st.session_state[SHOWN] = shown
    return place if shown == before else place.empty()


def _part() -> str:
    return str(
        st.segmented_control(
            "What to find out",
            list(PARTS),
            default=next(iter(PARTS)),
            required=True,
            key="part",
            bind="query-params",
            on_change=_leave_job,
            label_visibility="collapsed",
        )
    )


def _leave_job() -> None:
    """The job in the address bar is of another part."""
    st.query_params.pop("job", None)
