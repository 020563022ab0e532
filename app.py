"""The frame around every page: `streamlit run app.py`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
# Not in `pages` itself: until a first visitor has come by, Streamlit would serve what it finds there as pages without this frame.
SCRIPTS = HERE / "pages" / "scripts"

page = st.navigation(
    [
        st.Page(
            SCRIPTS / "compare.py",
            title="Compare",
            help="One photo, three networks, every number format side by side.",
            default=True,
        ),
        st.Page(
            SCRIPTS / "sweep.py",
            title="Sweep",
            help="A whole labelled set through every network and format: what each costs in accuracy, and whether that is real.",
        ),
    ],
    position="top",
)
# A file of the app's own: a named icon, here or on a page, would be fetched from the internet.
st.set_page_config(page_title=f"{page.title} - Bitlens", page_icon=HERE / "assets" / "icon.svg", layout="wide")
page.run()
