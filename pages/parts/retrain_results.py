"""What a retraining came to: the program's accuracy before and after, the control's, the epochs, the loss curve."""

from __future__ import annotations

import math
from dataclasses import replace

import streamlit as st

from core.charts import loss
from core.compare.evaluate import Accuracy
from core.models.regimes import CONTROL, UNCONTROLLED
from core.retraining.export import to_json
from core.retraining.found import Found
from core.retraining.store import Result
from core.sweeps import gain
from core.sweeps.naming import without_folders
from core.sweeps.statistics import share
from pages.parts import chart, tables
from pages.parts.session import literal

SCORED = {
    "Program": "What ran: the integers of the format where it has integers, not the training's simulation of them.",
    "Pictures": "Of the test split, which chose nothing.",
    "Top-1 %": "How often the first answer is right.",
    "95 % interval": "Wilson's interval: where Top-1 over all such pictures may well lie.",
    "Top-5 %": "How often the right answer is among the first five.",
    "Engine, arithmetic": "What computed it, and how.",
}
EPOCHS = {
    "Epoch": "0 is before any training.",
    "Top-1 %": "Of the simulated format, on held-back pictures.",
    "Top-5 %": "The same for the first five answers.",
    "Loss": "The mean cross entropy in nats.",
    "": "The best one is kept.",
}


def draw(now: Found, job: str) -> None:
    if now.result is not None:
        _scored(now, now.result)
        _download(now, now.result, job)
    if now.losses:
        drawn = loss.chart(now.losses, now.plan.format, now.plan.title, now.steps)
        chart.draw(drawn, loss.alt(now.losses, now.plan.title), "chart_loss")
    if now.scores:
        _epochs(now)


def _download(now: Found, result: Result, job: str) -> None:
    """Without this machine's folders."""
    before, after = (replace(one, weights=without_folders(one.weights)) for one in (result.before, result.after))
    shared = replace(result, file=without_folders(result.file), before=before, after=after)
    st.download_button(
        "JSON",
        lambda: to_json(job, shared, now.losses),
        f"retrain-{job}.json",
        "application/json",
        on_click="ignore",
    )


def _scored(now: Found, result: Result) -> None:
    lines = [
        _line(now.plan.format, now.plan.before.title, result.before),
        _line(now.plan.format, now.plan.after.title, result.after),
    ]
    groups = {now.plan.title: lines}
    if now.control is not None:
        groups["FP32 with the same training"] = [
            _line("fp32", "FP32", now.control.before),
            _line("fp32", "FP32 RE-TRAIN", now.control.after),
        ]
    _gains(now, result)
    st.html(tables.html(f"On {result.before.images:,} {result.scored_on}", SCORED, groups))
    if now.control is None and now.plan.format != CONTROL:
        st.caption(UNCONTROLLED)
    for words in (*result.notes, f"The training took {result.seconds:.0f} s. The weights are in {result.file}."):
        st.caption(literal(words))


def _gains(now: Found, result: Result) -> None:
    st.markdown(literal(f"{now.plan.title}: {gain.sentence(result)}"))
    if now.control is not None:
        st.markdown(literal(f"FP32 with the same training: {gain.sentence(now.control)}"))
    if result.gained is not None:
        st.caption("p: McNemar's exact test of Top-1 before and after, on the same pictures.")


def _line(format: str, title: str, found: Accuracy) -> list[str]:
    how = f"{found.engine}, {found.arithmetic}"
    first = share(round(found.top1 * found.images / 100), found.images)
    return [
        tables.signed(format, title),
        f"{found.images:,}",
        tables.two(found.top1),
        f"{first.low:.2f} to {first.high:.2f}",
        tables.two(found.top5),
        how,
    ]


def _epochs(now: Found) -> None:
    kept = None if now.result is None else int(now.result.record["best_epoch"])
    lines = [
        [
            str(epoch),
            tables.two(one.top1),
            tables.two(one.top5),
            "" if math.isnan(one.loss) else f"{one.loss:.3f}",
            "kept" if epoch == kept else "",
        ]
        for epoch, one in enumerate(now.scores)
    ]
    st.html(tables.html("Epochs, on held-back pictures that choose between them", EPOCHS, {"": lines}))
