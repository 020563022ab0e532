"""Below the grid: downloads, charts, and what every number means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from core.charts import confidence, grid, memory, sqnr
from core.charts.style import network_title
from core.compare.export import to_csv, to_json
from core.compare.records import Answer
from core.compare.service import shared_comparison
from core.compare.view import View
from core.environment import environment
from core.errors import BitlensError
from core.formats import NumberFormat, number_format
from core.images.decode import Picture
from core.models.catalog import ARCHITECTURES
from pages.parts import chart
from pages.parts.session import literal, problem, session
from pages.parts.variants import Chosen
from pages.parts.waiting import as_they_come

EXPLANATIONS = {
    "Confidence": "The network's softmax score from 0 to 1: how sure it says it is, not how often it is right.",
    "↑ from 3, ↓ from 1, =, +": "How a label's rank moved against FP32; + is new among the five. Beside it: the confidence "
    "difference in points (hundredths).",
    "Native, integer, emulated": "Native: torch's own kernel for that float type. Integer: an integer kernel. Emulated: the "
    "very numbers of integer hardware, computed in wider arithmetic, so that it has no speed of its own.",
    "ms, waited": "Milliseconds of one warm run in that format, the median of up to five; and how long this answer took when it "
    "was computed, loading and queue included. A repeated view has it at once.",
    "RAW, RE-TRAIN": "RAW: quantized after training, no weight changed. RE-TRAIN: fine-tuned with the format's rounding in the "
    "forward pass; its card has a frame in its format's colour. FP32 RE-TRAIN is the control: FP32 fine-tuned in the same way.",
    "IoU": "Intersection over union of two boxes: 1 is the same box, 0 no overlap. FP32's box is dashed.",
    "SQNR": "Signal to quantization noise ratio of a layer's output against FP32 with the same weights (those of "
    "RE-TRAIN are its own), in decibels: every 6 dB is one bit.",
    "FIXED-N": "Whole numbers of N bits with one power-of-two scale for each tensor.",
    "INT8": "8-bit whole numbers with a free scale: one for each tensor of activations, one for each channel of weights.",
    "Float islands": "Softmax behind the last layer is computed in floating point, for every format alike.",
}


def downloads(picture: Picture, answers: Sequence[Answer]) -> None:
    facts = environment()
    with st.container(horizontal=True):
        st.download_button("JSON", to_json(answers, facts), "bitlens.json", "application/json", on_click="ignore")
        st.download_button("CSV", to_csv(answers).encode("utf-8-sig"), "bitlens.csv", "text/csv", on_click="ignore")
        st.download_button(
            "PNG",
            lambda: grid.to_png(picture.image, answers, facts, picture.name),
            "bitlens.png",
            "image/png",
            on_click="ignore",
        )


def charts(view: View, chosen: Chosen, answers: Sequence[Answer]) -> None:
    st.header("Charts")
    networks = list(dict.fromkeys(variant.network for variant in chosen.variants()))
    network = st.segmented_control(
        "Network",
        networks,
        format_func=lambda name: ARCHITECTURES[name].title,
        default=networks[0],
        required=True,
        key="charts",
        bind="query-params",
    )
    group = [answer for answer in answers if answer.variant.network == network]
    if not group:
        return
    chart.draw(confidence.chart(group), confidence.alt(group), "chart_confidence")
    left, right = st.columns(2)
    with left:
        _noise(view, group)
    with right:
        chart.draw(memory.chart(group), memory.alt(group), "chart_memory")
    if words := alike((answer.variant.title, answer.calibrated) for answer in group):
        st.caption(f"Calibration. {literal(words)}")
    if words := alike((answer.variant.title, answer.retrained) for answer in group):
        st.caption(f"Retraining. {literal(words)}")


def alike(words: Iterable[tuple[str, str]]) -> str:
    """Such as "FIXED-8: greedy search over ...; INT8: least squared error over ...": variants with the same words together."""
    titles: dict[str, list[str]] = {}
    for title, each in words:
        if each:
            titles.setdefault(each, []).append(title)
    return "; ".join(f"{', '.join(those)}: {each}" for each, those in titles.items())


def _noise(view: View, group: Sequence[Answer]) -> None:
    service = shared_comparison()
    futures = {
        answer.variant: service.noise(view, answer.variant, session())
        for answer in group
        if answer.variant.format != "fp32"
    }
    if not futures:
        return
    bar = st.empty()
    as_they_come(list(futures.values()), lambda done: bar.progress(done / len(futures), "Measuring each layer"))
    bar.empty()
    try:
        noise = {variant: future.result() for variant, future in futures.items()}
    except Exception as error:  # whatever it is, the rest of the page is there
        unknown = "The layers could not be measured. The server's log has the cause."
        problem(error if isinstance(error, BitlensError) else unknown)
        return
    chart.draw(sqnr.chart(noise, network_title(group)), sqnr.alt(noise), "chart_sqnr")


def explanations(formats: Sequence[str]) -> None:
    with st.expander("What the numbers mean"):
        for name, words in EXPLANATIONS.items():
            st.markdown(f"**{name}.** {words}")
        st.markdown(
            "**The formats.** The step of a float is from 1 to the next number above; a whole number's is worth one scale."
        )
        st.table([_facts(number_format(name)) for name in formats])


def _facts(chosen: NumberFormat) -> dict[str, str]:
    weights, activations = _ends(chosen.weight_range), _ends(chosen.range)
    same = chosen.weight_bits == chosen.activation_bits
    return {
        "Format": chosen.title,
        "Bits": str(chosen.weight_bits) if same else f"{chosen.weight_bits} and {chosen.activation_bits}",
        "Weights": weights,
        "Activations": activations,
        "Step": f"{chosen.step:.3g}",
        "Bytes of a weight": f"{chosen.weight_bytes:g}",
        "In a 32-bit register": str(chosen.per_register),
    }


def _ends(ends: tuple[float, float]) -> str:
    low, high = (f"{end:,.0f}" if abs(end) < 1e6 else f"{end:.2e}" for end in ends)
    return f"{low} to {high}"
