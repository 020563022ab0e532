"""What every part of a page shares: the visitor's session, sentences shown as they are, a job's progress."""

from __future__ import annotations

import re
import string
from uuid import uuid4

import streamlit as st

from core.errors import BitlensError
from core.serving.background import Job

PROXIES = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def session() -> str:
    """A name for this visitor's tab, the same for as long as it is open."""
    name: str = st.session_state.setdefault("session", uuid4().hex)
    return name


def at_home() -> bool:
    """Whether the visitor sits at this machine, and not behind a proxy: only then is what lies on its disk theirs to name."""
    return st.context.ip_address is None and not any(name in st.context.headers for name in PROXIES)


def literal(text: str) -> str:
    """Markdown that shows the text as it is: a file's name may hold anything."""
    return re.sub(f"([{re.escape(string.punctuation)}])", r"\\\1", text)


def problem(error: BitlensError | str) -> None:
    st.error(literal(str(error)))


@st.fragment(run_every="1s")
def progress(key: str, job: Job) -> None:
    """A running job's bar with its cancel button; the page runs again when the job has ended."""
    if job.state != "running":
        st.rerun()
    stand = "waits until others have ended" if job.waiting else f"{job.share:.0%}"
    st.progress(job.share, f"{job.title}: {stand}")
    if st.button("Cancel", key=f"cancel_{key}"):
        job.cancel()
