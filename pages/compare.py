"""Compare: one photo, three networks, every number format side by side."""

from __future__ import annotations

import streamlit as st

from pages.parts import comparing

st.title("Bitlens")
st.caption("What a network keeps and what it loses when it computes in fewer bits.")
comparing.page()
