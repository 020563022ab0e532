"""RAW, RE-TRAIN or both: what runs as it was trained, and what was fine-tuned for its format, where that was done."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.formats import number_format
from core.models.regimes import control_sentence, left_out_sentence, regime_of, retrained_formats
from core.variant import REGIME_TITLES
from pages.parts.variants import Chosen

HOW = "They are made on the Sweep page, under [RE-TRAIN](./sweep?part=RE-TRAIN)."


def choose_regimes(chosen: Chosen) -> Chosen | None:
    """The choice with its regimes; None where nothing of it runs. What has yet to be retrained is said.

    A retrained file runs as what it is.
    """
    if regime_of(chosen.weights) == "retrain":
        own = retrained_formats(chosen.networks[0], chosen.weights)
        st.caption(
            f"This file was retrained for {number_format(own[0]).title}: it runs in that format and in no other."
        )
        chosen = replace(chosen, formats=own, regimes=("retrain",))
        _say(control_sentence(chosen.variants()))
        return chosen
    chosen = replace(chosen, regimes=pick_regimes())
    if chosen.missing:
        _say(f"{left_out_sentence(chosen.missing)} {HOW}")
    _say(control_sentence(chosen.variants()))
    if chosen.variants():
        return chosen
    st.info("Nothing that was chosen can run: choose RAW, or another format.")
    return None


def _say(words: str) -> None:
    if words:
        st.caption(words)


def pick_regimes() -> tuple[str, ...]:
    names = st.pills(
        "Regimes",
        list(REGIME_TITLES),
        format_func=REGIME_TITLES.__getitem__,
        selection_mode="multi",
        default=["raw"],
        key="regimes",
        bind="query-params",
        help="RAW: quantized after training, no weight changed. RE-TRAIN: fine-tuned for the format, where that was done.",
    )
    return tuple(name for name in REGIME_TITLES if name in names)
