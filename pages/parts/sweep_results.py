"""What a sweep found: its table, what must be known of it, and the files to take away."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from core.datasets.matching import unmatched_sentence
from core.datasets.survey import unreadable_sentence
from core.sweeps.conditions import Conditions
from core.sweeps.export import to_csv, to_json
from core.sweeps.history import Standing
from pages.parts import sweep_table
from pages.parts.session import literal


def draw(found: Standing) -> None:
    """Of a sweep that stands still."""
    conditions, plan = found.conditions, found.entry.plan
    if conditions is None or plan is None or not found.finished:
        if found.failures:
            _notes(found)
        else:
            st.info("It has no results.")
        return
    _table(found, conditions)
    with st.container(horizontal=True):
        name = f"sweep-{found.entry.job.id}"
        rows = found.table().rows
        st.download_button("CSV", to_csv(rows).encode("utf-8-sig"), f"{name}.csv", "text/csv", on_click="ignore")
        st.download_button(
            "JSON",
            lambda: to_json(plan, found.store, conditions),
            f"{name}.json",
            "application/json",
            on_click="ignore",
        )
    _explanations()


def partial(found: Standing) -> None:
    """Of a sweep that runs: what is there so far."""
    if found.conditions is not None and found.finished:
        _table(found, found.conditions)


def _table(found: Standing, conditions: Conditions) -> None:
    running = found.entry.job.ended is None
    stand = "So far, over" if running else "Over"
    caption = f"{stand} {conditions.pictures:,} pictures of {conditions.name}"
    st.html(sweep_table.html(found.table(), caption))
    _notes(found)


def _notes(found: Standing) -> None:
    for words in _sentences(found):
        st.caption(literal(words))


def _sentences(found: Standing) -> Iterator[str]:
    """What is missing from the table, and why; then what the set and the formats say of themselves."""
    conditions = found.conditions
    if conditions is None:
        return
    for number, error in (found.failures or {}).items():
        yield f"{conditions.variants[number].title} failed: {error['message']} {error['remedy']}"
    if found.skipped:
        yield f"{unreadable_sentence(found.skipped, conditions.pictures)} {found.skipped[0].reason}"
    for kind, names in conditions.unmatched.items():
        if names:
            yield unmatched_sentence(names, len(conditions.classes), f"the {kind} networks'")
    yield from conditions.notes
    if early := [one.title for one in conditions.variants if one.preliminary]:
        yield f"Preliminary, with fractional lengths that were not searched for: {', '.join(early)}."


def _explanations() -> None:
    with st.expander("What the numbers mean"):
        for name, words in sweep_table.HEADINGS.items():
            st.markdown(f"**{literal(name)}.** {literal(words)}")
        st.markdown(
            "**yes, no, undecided.** Asked of the paired interval of the ratio of Top-1 to FP32's, corrected for all "
            "questions of the table together: with 95 % confidence no yes and no no in it is wrong."
        )
