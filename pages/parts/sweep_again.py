"""What a sweep was asked for, and a button that asks for the same again."""

from __future__ import annotations

import streamlit as st

from core.models.weights import WEIGHTS
from core.sweeps.history import settings
from core.sweeps.plan import Plan
from pages.parts.session import at_home, literal
from pages.parts.sweep_sets import SIGNS


def draw(plan: Plan, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(literal(f"{settings(plan)}."), width="content")
        choices = _choices(plan)
        if choices is not None:
            st.button(
                "Use these settings",
                key=f"again_{name}",
                type="tertiary",
                on_click=st.session_state.update,
                args=(choices,),
                help="Fills the choices in as they were for this sweep.",
            )


def _choices(plan: Plan) -> dict[str, object] | None:
    """The page's choices by their keys; None where the page cannot make them: weights of a file, or a set out of its reach."""
    pictures = _pictures(plan)
    if pictures is None or len(plan.weights) > 1 or plan.weights[0] not in WEIGHTS or plan.retrained:
        return None
    return {
        **pictures,
        "weights": plan.weights[0],
        "networks": list(plan.networks),
        "formats": list(plan.formats),
        "regimes": list(plan.regimes),
        "calibrator": plan.calibration.calibrator,
        "search": plan.calibration.search,
    }


def _pictures(plan: Plan) -> dict[str, object] | None:
    kind, *numbers = plan.data.split(":")
    if kind == SIGNS:
        if len(numbers) != 2 or plan.limit is not None:
            return None
        return {"set": "Signs", "signs_pictures": int(numbers[0]), "seed": int(numbers[1])}
    drawn: dict[str, object] = {"limit": plan.limit, "seed": plan.seed}
    if plan.data == "imagenette":
        return {"set": "Imagenette"} | drawn
    return {"set": "A folder or zip", "path": plan.data} | drawn if at_home() else None
