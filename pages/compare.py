"""One photo, three networks, every number format side by side."""

from __future__ import annotations

import streamlit as st

st.title("Compare")
