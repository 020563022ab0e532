"""How a job stands, in one sentence: whether it waits and for what, how far it is, and what is kept of it."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from core.jobs.records import DEAD_S, Job
from core.jobs.store import shared_jobs
from pages.parts.job_words import roughly, span

TOLD = 0.05
NAMES = {"layers": "job of layers", "retrain": "retraining"}


def sentence(job: Job, standing: str, kept: str, what: Callable[[Job], str]) -> str:
    """`standing` says how far it is while it runs, `kept` what stays of it where it stops, `what` what a job is about."""
    if job.state == "queued":
        return _queued(job, what)
    if job.state == "running":
        return _running(job, standing, kept)
    took = "" if job.seconds is None or job.ended is None else f" {span(job.seconds)} after it began"
    if job.state == "done":
        return f"Done{took}."
    return f"{job.state.capitalize()} at {job.progress:.0%}{took}. {kept}"


def is_fresh(job: Job) -> bool:
    """Whether its process may have been started just now."""
    started: float = st.session_state.get(f"started_{job.id}", 0.0)
    return time.time() - max(job.created, started) < DEAD_S


def to_go(job: Job) -> str:
    """ ", about 3 min to go", empty while that cannot be told."""
    seconds = left_s(job, 1.0)
    return "" if seconds is None else f", about {roughly(seconds)} to go"


def left_s(job: Job, goal: float) -> float | None:
    """By how fast its process has come on since it was first looked at; None until that is TOLD of the job.

    From 0 to 0.25 in 60 s leaves 180 s to 1.
    """
    since, progress = _first_look(job.id, job.owner, job.progress)
    gained = job.progress - progress
    return None if gained < TOLD else (time.time() - since) * max(0.0, goal - job.progress) / gained


@st.cache_resource(max_entries=64, show_spinner=False)
def _first_look(name: str, owner: str, _progress: float) -> tuple[float, float]:
    """When and how far it was; a process is looked at from its beginning by whoever started it."""
    return time.time(), _progress


def _queued(job: Job, what: Callable[[Job], str]) -> str:
    if job.attended and (runner := _runner(job, what)):
        return f"Waits for its turn: {runner} is running, and one job runs at a time."
    if job.attended or is_fresh(job):
        return "Its process is starting."
    return "No process carries it out. Resume starts one."


def _runner(job: Job, what: Callable[[Job], str]) -> str:
    """The job that it waits for, empty where none runs: "the retraining SqueezeNet FP32 on signs (9ad6e898)"."""
    running = [one for one in shared_jobs().jobs() if one.state == "running" and one.id != job.id and one.attended]
    if not running:
        return ""
    first = running[0]
    about = f" {what(first)}" if first.kind == job.kind else ""
    return f"the {NAMES.get(first.kind, first.kind)}{about} ({first.id})"


def _running(job: Job, standing: str, kept: str) -> str:
    if not job.attended:
        return f"Its process has died at {job.progress:.0%}. {kept}"
    return f"{standing} It will {job.wish} when what it is at is finished." if job.wish else standing
