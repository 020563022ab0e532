"""What is tried layer by layer: the pictures, one network, the widths, and the button that starts it."""

from __future__ import annotations

import streamlit as st

from core.errors import BitlensError
from core.formats import NARROWEST, WIDEST
from core.jobs.store import shared_jobs
from core.sweeps.launch import launch_layers
from core.sweeps.layers.plan import SEARCH, WIDTHS, LayersPlan
from pages.parts.session import problem
from pages.parts.sweep_sets import Pictures, choose_pictures
from pages.parts.variants import OneNetwork, choose_network


def draw() -> None:
    st.header("Layer by layer")
    pictures = choose_pictures()
    chosen = choose_network(pictures.weights)
    bits = st.multiselect(
        "Widths",
        range(NARROWEST, WIDEST + 1),
        default=WIDTHS,
        format_func=lambda width: f"{width} bits",
        key="widths",
        bind="query-params",
        help="Each layer alone is tried at each of these, while all others have 16 bits.",
    )
    search = int(
        st.number_input(
            "Pictures to search on",
            1,
            None,
            SEARCH,
            step=50,
            key="search_pictures",
            bind="query-params",
            help="The search for the bits of each layer sees these alone; what it finds is scored on other pictures.",
        )
    )
    ready = chosen is not None and bool(pictures.data) and bool(bits)
    if st.button("Start", type="primary", width="stretch", key="start_layers", disabled=not ready) and chosen:
        _start(pictures, chosen, tuple(bits), search)


def _start(pictures: Pictures, chosen: OneNetwork, bits: tuple[int, ...], search: int) -> None:
    """The new job is shown; where it cannot be started the choices stay, and the page says why."""
    try:
        plan = LayersPlan(chosen.network, chosen.weights, pictures.data, bits, pictures.limit, search, pictures.seed)
        with st.spinner("Looking at the pictures …"):
            job = launch_layers(shared_jobs(), plan)
    except BitlensError as error:
        problem(error)
        return
    st.query_params["job"] = job.id
    st.rerun()
