"""The Sweep page below its heading: a new sweep on the left, the sweeps that there are on the right."""

from __future__ import annotations

import streamlit as st

from core.jobs.store import shared_jobs
from pages.parts import sweep_jobs, sweep_setup
from pages.parts.session import literal
from pages.parts.sweep_said import said

# On a phone, where the columns stand one above the other, what was found comes first.
ORDER = "<style>@media (max-width: 640px) {[data-testid=stColumn]:has(.st-key-new_sweep) {order: 2}}</style>"


def page() -> None:
    st.html(ORDER)
    left, right = st.columns([1, 3.4], gap="medium")
    with left.container(key="new_sweep"), said("setup"):
        sweep_setup.draw()
    with right, said("jobs"):
        for sentence in shared_jobs().database.notes():
            st.warning(literal(sentence))
        sweep_jobs.draw()
