"""A retraining: the pictures, one network and format, how long it trains, and the button that starts it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.formats import FORMATS, NumberFormat, number_format
from core.jobs.records import Job
from core.jobs.store import shared_jobs
from core.models.kinds import KINDS
from core.quantization.options import Options, budget
from core.retraining.launch import launch
from pages.parts import starting
from pages.parts.sweep_sets import choose_set
from pages.parts.variants import COMPOSED, EXTRA, OneNetwork, choose_network

FORMATS_OFFERED = [name for name, one in FORMATS.items() if one.kind != "float" or name == "fp32"] + EXTRA + COMPOSED
FIRST = "fixed4"


def draw() -> None:
    st.header("RE-TRAIN")
    data, weights = choose_set()
    chosen = choose_network(weights)
    name = st.selectbox(
        "Format",
        FORMATS_OFFERED,
        index=FORMATS_OFFERED.index(FIRST),
        format_func=lambda one: number_format(one).title,
        key="retrain_format",
        bind="query-params",
        filter_mode="prefix",
    )
    options = _options(budget(KINDS[chosen.kind].labels) if chosen else Options(), number_format(str(name)))
    control = st.toggle(
        "FP32 with the same training, too",
        True,
        key="control",
        bind="query-params",
        help="The control: what more training alone gains is no merit of the format. It is a job of its own, and runs after "
        "the format's.",
    )
    choices = (chosen, str(name), options, data, control) if chosen and data else None
    starting.button("start_retrain", choices, lambda those: _launched(*those))


def _options(usual: Options, format: NumberFormat) -> Options:
    """What a person may want to change; the key has the usual number, so that another set brings its own."""
    with st.expander("How it is trained"):
        epochs = st.number_input("Epochs", 1, 50, usual.epochs, key=f"epochs_{usual.epochs}")
        steps = st.number_input(
            "Steps in an epoch", 1, None, usual.steps, key=f"steps_{usual.steps}", placeholder="every picture once"
        )
        rate = st.number_input("Learning rate", 1e-6, 1.0, usual.rate, format="%g", step=1e-4, key=f"rate_{usual.rate}")
        has_lengths = format.kind == "fixed"
        search = st.toggle(
            "Search fractional lengths again",
            False,
            key="search_again",
            disabled=not has_lengths,
            help="Of FIXED-N, after the training; no other format has them.",
        )
        seed = st.number_input("Seed", 0, None, usual.seed, key="retrain_seed")
    return replace(
        usual,
        epochs=int(epochs),
        steps=None if steps is None else int(steps),
        rate=float(rate),
        lengths="search" if search and has_lengths else "frozen",
        seed=int(seed),
    )


def _launched(chosen: OneNetwork, name: str, options: Options, data: str, control: bool) -> Job:
    return launch(shared_jobs(), chosen.network, chosen.weights, name, options, data, control)
