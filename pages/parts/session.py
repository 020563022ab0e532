"""What every part of a page shares: the visitor's session, sentences shown as they are, a job's progress."""

from __future__ import annotations

import re
import string
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import uuid4

import streamlit as st

from core.errors import BitlensError
from core.serving.background import Job

PROXIES = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


def session() -> str:
    """A name for this visitor's tab, the same for as long as it is open."""
    name: str = st.session_state.setdefault("session", uuid4().hex)
    return name


def at_home() -> bool:
    """Whether the visitor sits at this machine: only then is what lies on its disk theirs to name.

    Behind a proxy on this machine everybody has its address. So the server must answer this machine alone and no host by a
    name, and the browser must have asked for this machine, with no proxy between that says so. What is not known is a no.
    """
    headers = st.context.headers
    alone = _is_loopback(st.get_option("server.address")) and not st.get_option("server.allowedHosts")
    asked = _host(f"//{headers.get('Host', '')}"), _host(headers.get("Origin", ""))
    direct = st.context.ip_address is None and not any(name in headers for name in PROXIES)
    return alone and direct and all(map(_is_loopback, asked))


def _host(url: str) -> str | None:
    """The host that a URL names, None where it names none: "http://[::1]:8501" gives "::1"."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


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
