"""Sweep: a whole set of pictures through every network and number format, and how sure the difference is."""

from __future__ import annotations

import streamlit as st

from pages.parts import sweeping

with st.container(horizontal=True, vertical_alignment="bottom"):
    st.title("Sweep", width="content")
    st.caption("What each number format costs in accuracy over a whole set, and whether that is real.", width="content")
sweeping.page()
