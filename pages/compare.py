"""Compare: one photo, three networks, every number format side by side."""

from __future__ import annotations

import streamlit as st

from pages.parts import comparing

st.title("What do fewer bits change?")
comparing.page()
