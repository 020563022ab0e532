"""A new sweep: the pictures, the variants, how much that is, and the button that starts it."""

from __future__ import annotations

import streamlit as st

from core.errors import BitlensError
from core.formats import FORMATS, NARROWEST, WIDEST, number_format
from core.jobs.store import shared_jobs
from core.sweeps.plan import Plan
from pages.parts.regimes import pick_regimes
from pages.parts.session import problem
from pages.parts.sweep_sets import Pictures, choose_pictures
from pages.parts.variants import Chosen, choose

WIDTHS = range(NARROWEST, WIDEST + 1)
PRESETS = {
    "FP32, FIXED-16, FIXED-8": ("fp32", "fixed16", "fixed8"),
    "All formats": tuple(FORMATS),
    "Bit widths 2 to 16": ("fp32", *(f"fixed{bits}" for bits in WIDTHS)),
    "Bit widths of weights alone": ("fp32", *(number_format(f"w{bits}a16").name for bits in WIDTHS)),
    "Bit widths of activations alone": ("fp32", *(number_format(f"w16a{bits}").name for bits in WIDTHS)),
}
FIRST, OWN = "FP32, FIXED-16, FIXED-8", "A choice of your own"


def draw() -> None:
    st.header("A new sweep")
    pictures = choose_pictures()
    _presets()
    chosen = choose(pictures.weights, PRESETS[FIRST])
    regimes = pick_regimes()
    if chosen is None or not pictures.data or not regimes:
        st.button("Start", disabled=True, width="stretch", help="The choices above say what is missing.")
        return
    st.caption(_amount(pictures, chosen, len(regimes)))
    if st.button("Start", type="primary", width="stretch", key="start"):
        _start(pictures, chosen, regimes)


def _presets() -> None:
    """The choice follows the formats, so that it never says what is no longer so."""
    formats = tuple(st.session_state.get("formats", PRESETS[FIRST]))
    st.session_state["preset"] = next((name for name, preset in PRESETS.items() if set(preset) == set(formats)), OWN)
    st.selectbox(
        "What to compare",
        [*PRESETS, OWN],
        key="preset",
        on_change=_take_preset,
        help="Fills in the formats below; they can be changed one by one.",
    )


def _take_preset() -> None:
    if st.session_state["preset"] in PRESETS:
        st.session_state["formats"] = list(PRESETS[st.session_state["preset"]])


def _amount(pictures: Pictures, chosen: Chosen, regimes: int) -> str:
    """3 networks × 4 formats = 12 variants, over 1,000 pictures: 12,000 answers."""
    variants = len(chosen.networks) * len(chosen.formats) * regimes
    factors = [_count(len(chosen.networks), "network"), _count(len(chosen.formats), "format")]
    product = " × ".join(factors + ([_count(regimes, "regime")] if regimes > 1 else []))
    if pictures.count is None:
        return f"{product} = {_count(variants, 'variant')}, over every picture of the set."
    answers = f"{variants * pictures.count:,} answers"
    at_most = "" if pictures.exact else "at most "
    return f"{product} = {_count(variants, 'variant')}, over {at_most}{_count(pictures.count, 'picture')}: {answers}."


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _start(pictures: Pictures, chosen: Chosen, regimes: tuple[str, ...]) -> None:
    """The new job is shown; where it cannot be started the choices stay, and the page says why."""
    from core.sweeps.launch import launch

    try:
        plan = Plan(
            networks=chosen.networks,
            weights=(chosen.weights,),
            formats=chosen.formats,
            data=pictures.data,
            regimes=regimes,
            limit=pictures.limit,
            seed=pictures.seed,
            calibration=chosen.calibration,
        )
        with st.spinner("Looking at the pictures …"):
            job = launch(shared_jobs(), plan)
    except BitlensError as error:
        problem(error)
        return
    st.query_params["job"] = job.id
    st.rerun()
