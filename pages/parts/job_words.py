"""Times and states of jobs, in words."""

from __future__ import annotations

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core.jobs.records import Job


def day_and_time(seconds: float) -> str:
    """By the visitor's own clock: "26 Nov 14:03"."""
    return f"{datetime.fromtimestamp(seconds, _zone()):%d %b %H:%M}".lstrip("0")


def _zone() -> tzinfo | None:
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ZoneInfoNotFoundError, ValueError):
        return None


def span(seconds: float) -> str:
    """12 s, 3 min 5 s, 1 h 4 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


KEPT = "What was finished is kept: it can go on from there."
NOTHING_KEPT = "Nothing of it was finished: it can begin again."
AGAIN = "A training does not go on from the middle: it can begin again, and comes out the same."


def roughly(seconds: float) -> str:
    """As well as it can be known: 20 s, 3 min, 1 h 4 min."""
    if seconds < 55:
        return f"{max(10, 10 * round(seconds / 10))} s"
    return f"{round(seconds / 60)} min" if seconds < 3570 else span(60 * round(seconds / 60))


def state(job: Job) -> str:
    """One word, or two where its process is gone."""
    return "has died" if job.state == "running" and not job.attended else job.state
