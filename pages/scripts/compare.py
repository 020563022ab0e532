"""Compare: one photo, three networks, every number format side by side."""

from __future__ import annotations

import streamlit as st

from pages.parts import comparing

with st.container(horizontal=True, vertical_alignment="bottom"):
    st.title("Bitlens", width="content")
    st.caption("What a network keeps and what it loses when it computes in fewer bits.", width="content")
comparing.page()
