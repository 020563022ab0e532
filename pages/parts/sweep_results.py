"""What a sweep found: its table, what must be known of it, and the files to take away."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from core.datasets.matching import unmatched_sentence
from core.datasets.survey import unreadable_sentence
from core.sweeps import budgets, parquet
from core.sweeps.export import to_csv, to_json
from core.sweeps.history import Found
from pages.parts import sweep_advice, sweep_charts, sweep_details, sweep_gallery, sweep_table
from pages.parts.session import literal


def draw(found: Found, name: str) -> None:
    """Of a sweep that stands still; `name` is what its files are called."""
    table(found)
    sweep_details.draw(found.table)
    _downloads(found, f"sweep-{name}")
    sweep_advice.draw(found.table)
    sweep_charts.draw(found.table)
    sweep_gallery.draw(found)


def table(found: Found, running: bool = False) -> None:
    if running or any(row.images for row in found.table.rows):
        caption = f"{_over(found)}{'; verdicts come at the end' if running else ''}"
        st.html(sweep_table.html(found.table, caption, judged=not running))
    for words in _sentences(found):
        st.caption(literal(words))


def _over(found: Found) -> str:
    """Over 900 pictures of Signs, or over 100 of them so far."""
    conditions = found.conditions
    left = conditions.pictures - found.reached - len(found.results.skipped())
    whole = f"{conditions.pictures:,} pictures of {conditions.name}"
    return f"Over {found.reached:,} of {whole} so far" if left > 0 else f"Over {whole}"


def _downloads(found: Found, name: str) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "CSV",
            lambda: to_csv(found.plan, found.results, found.conditions).encode("utf-8-sig"),
            f"{name}.csv",
            "text/csv",
            on_click="ignore",
        )
        st.download_button(
            "JSON",
            lambda: to_json(found.plan, found.results, found.conditions),
            f"{name}.json",
            "application/json",
            on_click="ignore",
        )
        st.download_button(
            "Parquet",
            lambda: parquet.to_parquet(found.plan, found.results, found.conditions),
            f"{name}.parquet",
            "application/vnd.apache.parquet",
            on_click="ignore",
            help="Every answer to every picture.",
        )


def _sentences(found: Found) -> Iterator[str]:
    """What is missing from the table, and why; then what the set and the formats say of themselves."""
    conditions = found.conditions
    for number, error in found.results.failures().items():
        yield f"{conditions.variants[number].title} failed: {error['message']} {error['remedy']}"
    if skipped := found.results.skipped():
        yield f"{unreadable_sentence(skipped, conditions.pictures)} {skipped[0].reason}"
    for kind, names in conditions.unmatched.items():
        if names:
            yield unmatched_sentence(names, len(conditions.classes), f"the {kind} networks'")
    yield from conditions.notes
    yield from budgets.told(detail.record for detail in found.table.details)
    yield from found.table.notes
    if early := [one.title for one in conditions.variants if one.preliminary]:
        yield f"Preliminary, with fractional lengths that were not searched for: {', '.join(early)}."


def explanations() -> None:
    with st.expander("What the numbers mean"):
        for name, words in sweep_table.HEADINGS.items():
            st.markdown(f"**{literal(name)}.** {literal(words)}")
        st.markdown(
            "**yes, no, undecided.** Asked of the paired interval of the ratio of Top-1 to FP32's, corrected for all "
            "questions of the table together: with 95 % confidence no yes and no no in it is wrong."
        )
