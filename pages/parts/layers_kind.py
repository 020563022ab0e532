"""Jobs of layers: what each layer alone costs, and the bits of each layer that a search found."""

from __future__ import annotations

import streamlit as st

from core.jobs.records import Job
from core.jobs.store import shared_jobs
from core.sweeps.launch import LAYERS
from core.sweeps.layers.found import found, title
from pages.parts import layers_results
from pages.parts.job_panel import Kind, Titles
from pages.parts.job_standing import to_go
from pages.parts.job_words import KEPT, NOTHING_KEPT

NOTHING = "No network has been tried layer by layer on this machine yet. First each layer alone is narrowed, to see which one "
NOTHING += "costs most; then a search gives each layer its own bits, and other pictures say what accuracy that leaves."
PHASES = ((0.3, "each layer alone"), (0.8, "the search for each layer's bits"), (1.0, "scoring on other pictures"))


def _standing(job: Job) -> str:
    phase = next(words for end, words in PHASES if job.progress < end or end == 1.0)
    return f"{job.progress:.0%}, {phase}{to_go(job)}."


def _draw(job: Job, others: Titles) -> None:
    now = found(shared_jobs(), job)
    if now is None:
        st.info("It has no results.")
    else:
        layers_results.draw(now, job.id)


def _partial(job: Job) -> None:
    now = found(shared_jobs(), job)
    if now is not None:
        layers_results.partial(now)


def _kept(job: Job) -> str:
    return KEPT if job.progress else NOTHING_KEPT


LAYER_JOBS = Kind(LAYERS, "Job", NOTHING, what=title, standing=_standing, partial=_partial, draw=_draw, kept=_kept)
