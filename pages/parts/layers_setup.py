"""What is tried layer by layer: the pictures, one network, the widths, and the button that starts it."""

from __future__ import annotations

import streamlit as st

from core.formats import NARROWEST, WIDEST
from core.jobs.records import Job
from core.jobs.store import shared_jobs
from core.sweeps.launch import launch_layers
from core.sweeps.layers.plan import SEARCH, WIDTHS, LayersPlan
from pages.parts import starting
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
    choices = (pictures, chosen, tuple(bits), search) if chosen and pictures.data and bits else None
    starting.button("start_layers", choices, lambda those: _launched(*those))


def _launched(pictures: Pictures, chosen: OneNetwork, bits: tuple[int, ...], search: int) -> Job:
    plan = LayersPlan(chosen.network, chosen.weights, pictures.data, bits, pictures.limit, search, pictures.seed)
    return launch_layers(shared_jobs(), plan)
