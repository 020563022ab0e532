"""Sweeps as jobs: how far one is, its table as it fills, and those that ship with Bitlens."""

from __future__ import annotations

import streamlit as st

from core.errors import DataError
from core.jobs.records import Job
from core.jobs.store import shared_jobs
from core.sweeps.history import Found, Standing, settings, shipped, standing, title
from core.sweeps.launch import KIND
from pages.parts import sweep_again, sweep_between, sweep_results
from pages.parts.job_panel import Kind, Titles
from pages.parts.job_standing import left_s
from pages.parts.job_words import KEPT, NOTHING_KEPT, roughly
from pages.parts.session import literal, problem

NOTHING = (
    "No sweep has been started on this machine yet. Choose pictures, networks and formats, and press Start: what is "
)
NOTHING += "found appears here as it comes. It goes on when this tab is closed, and can be paused."
RECORDED = "recorded-"
FINE_TUNED = "Fine-tunings that were finished are kept; the one that it was at begins again, and comes out the same."


def _standing(job: Job) -> str:
    now = standing(shared_jobs(), job)
    if now.found is None:
        return f"{now.stage}{_tuning(job, now)}" if now.stage else "Loading the networks and looking at the pictures."
    begun = now.found.conditions
    left = "" if now.remaining_s is None else f", about {roughly(now.remaining_s)} to go"
    return f"{now.answered:.0%} of {begun.pictures * len(begun.variants):,} answers{left}."


def _tuning(job: Job, now: Standing) -> str:
    seconds = left_s(job, now.tuned)
    return "" if seconds is None else f" About {roughly(seconds)} of fine-tuning to go."


def _kept(job: Job) -> str:
    """By how far it came: of a fine-tuning nothing is kept until it is finished."""
    now = standing(shared_jobs(), job)
    if now.answered:
        return KEPT
    return FINE_TUNED if now.found is None and now.stage else NOTHING_KEPT


def _partial(job: Job) -> None:
    found = standing(shared_jobs(), job).found
    if found is not None:
        st.caption(literal(f"{settings(found.plan)}."))
        sweep_results.table(found, running=True)


def _draw(job: Job, others: Titles) -> None:
    found = standing(shared_jobs(), job).found
    if found is not None and (found.reached or found.results.failures()):
        _results(found, job.id, others)
    elif job.state != "failed":  # which says why
        st.info("It has no results.")


def _records() -> Titles:
    try:
        return {f"{RECORDED}{name}": words for name, (words, _) in shipped().items()}
    except DataError as error:
        problem(error)
        return {}


def _draw_record(name: str, others: Titles) -> None:
    words, found = shipped()[name.removeprefix(RECORDED)]
    st.caption(
        f"**Recorded.** {literal(words)}. It ships with Bitlens: nothing of it was computed on this machine now."
    )
    _results(found, name, others)


def _results(found: Found, name: str, others: Titles) -> None:
    sweep_again.draw(found.plan, name)
    sweep_results.draw(found, name)
    sweep_between.draw(found, others, _find)
    sweep_results.explanations()


def _find(name: str) -> Found | None:
    if name.startswith(RECORDED):
        return shipped()[name.removeprefix(RECORDED)][1]
    return standing(shared_jobs(), shared_jobs().get(name)).found


SWEEPS = Kind(
    KIND,
    "Sweep",
    NOTHING,
    what=title,
    standing=_standing,
    partial=_partial,
    draw=_draw,
    kept=_kept,
    records=_records,
    draw_record=_draw_record,
)
