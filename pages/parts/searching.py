"""Weights without searched fractional lengths: the search, with progress and cancel, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.compare.records import Answer
from core.compare.service import shared_comparison
from core.models.catalog import ARCHITECTURES
from core.serving.background import Job, run_command, shared_background
from core.variant import Variant
from pages.parts.session import problem, progress
from pages.parts.variants import Chosen


def offer(chosen: Chosen, answers: Sequence[Answer]) -> None:
    """For each preliminary answer: say so, and search on request."""
    waiting = [answer.variant for answer in answers if answer.preliminary]
    if not waiting:
        return
    st.header("Preliminary results")
    st.markdown("These weights came without searched fractional lengths: each tensor has its own best length for now.")
    for variant in waiting:
        _one(variant)


def _one(variant: Variant) -> None:
    key = f"search-{variant.network}-{variant.weights}-{variant.format}"
    title = f"The search for {ARCHITECTURES[variant.network].title} in {variant.title}"
    job = shared_background().find(key)
    if job is not None and job.state == "running":
        progress(key, job)
        return
    if job is not None and job.error is not None:
        problem(job.error)
    if st.button(f"Search: {ARCHITECTURES[variant.network].title}, {variant.title} ({_minutes(variant)})", key=key):
        shared_background().start(key, title, lambda running: _search(variant, running))
        st.rerun()


def _search(variant: Variant, job: Job) -> None:
    arguments = ["calibrate", "--network", variant.network, "--weights", variant.weights, "--format", variant.format]
    run_command(job, [*arguments, "--threads", "1"])
    shared_comparison().forget(variant.network, variant.weights)


def _minutes(variant: Variant) -> str:
    """Weights and activations of different widths are searched one after the other, behind what the network needs to load."""
    chosen = variant.number_format
    return "about two minutes" if chosen.weight_bits == chosen.activation_bits else "about four minutes"
