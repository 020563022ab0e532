"""A new sweep: the pictures, the variants, how much that is, and the button that starts it."""

from __future__ import annotations

import streamlit as st

from core.errors import BitlensError
from core.formats import FORMATS, NARROWEST, WIDEST, number_format
from core.jobs.store import shared_jobs
from core.models.regimes import divided, used_sentence
from core.sweeps.launch import launch
from core.sweeps.plan import BASELINE, Plan
from pages.parts import starting
from pages.parts.regimes import pick_regimes
from pages.parts.session import literal, problem
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
    plan = _plan(pictures, chosen, regimes) if chosen and pictures.data and regimes else None
    if plan is not None:
        st.caption(_amount(plan, pictures))
        _warn(plan)
    starting.button("start", plan, lambda chosen: launch(shared_jobs(), chosen))


def _plan(pictures: Pictures, chosen: Chosen, regimes: tuple[str, ...]) -> Plan | None:
    """None where the choices do not go together, which is said."""
    try:
        return Plan(
            networks=chosen.networks,
            weights=(chosen.weights,),
            formats=chosen.formats,
            data=pictures.data,
            regimes=regimes,
            limit=pictures.limit,
            seed=pictures.seed,
            calibration=chosen.calibration,
        )
    except BitlensError as error:
        problem(error)
        return None


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


def _amount(plan: Plan, pictures: Pictures) -> str:
    """3 networks × 4 formats = 12 variants, over 1,000 pictures: 12,000 answers."""
    variants = len(plan.variants)
    each = variants // len(plan.networks)
    rows = _count(each, "format") if plan.regimes == ("raw",) else f"{each} of format and regime"
    product = f"{_count(len(plan.networks), 'network')} × {rows} = {_count(variants, 'variant')}"
    if pictures.count is None:
        part = "the set's test split" if plan.retrains else "the set"
        return f"{product}, over every picture of {part}."
    at_most = "" if pictures.exact else "at most "
    return f"{product}, over {at_most}{_count(pictures.count, 'picture')}: {variants * pictures.count:,} answers."


def _warn(plan: Plan) -> None:
    """What takes long before the first answer, and what will be missing."""
    if BASELINE not in plan.formats and not plan.retrains:
        st.caption("Without FP32 there is nothing to compare with: no verdicts, no agreement.")
    found, missing = divided(plan.variants)
    if words := used_sentence(found):
        st.caption(literal(words))
    if missing:
        st.caption(
            f"{_count(len(missing), 'variant')} of RE-TRAIN must be fine-tuned first, which takes minutes for each; FP32 with "
            "the same training is always among them."
        )


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
