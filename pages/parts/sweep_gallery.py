"""What a format changed: the classes that suffer and the pictures; and the pictures on which a network's formats disagree."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.models.catalog import architecture
from core.sweeps.changed import Changed, Disagreement, Thumbnail, changed, disagreeing
from core.sweeps.history import Found
from core.sweeps.naming import weights_names
from core.sweeps.rows import is_baseline
from pages.parts import sweep_classes, sweep_pictures
from pages.parts.sweep_pictures import answer, card, pictures

KINDS = {"lost": "lost", "gained": "gained", "wrong": "wrong both times", "unknown": "changed"}


def draw(found: Found) -> None:
    names = weights_names(one.weights for one in found.conditions.variants)
    titles = {
        number: f"{one.title}, weights {names[one.weights]}"
        for number, one in enumerate(found.conditions.variants)
        if not is_baseline(one)
    }
    if not titles:
        return
    st.header("What changed")
    number = st.selectbox(
        "Against FP32, in",
        list(titles),
        index=None,
        format_func=titles.__getitem__,
        placeholder="choose a network and format",
        key=f"gallery_{found.results.job}",
    )
    if number is not None:
        for detail in found.table.details:
            if detail.record == found.conditions.variants[number]:
                sweep_classes.draw(detail)
        _changed(found, number)
    _disagreeing(found)


def _changed(found: Found, number: int) -> None:
    shown = changed(found.results, found.conditions, number)
    if shown is None:
        st.info("FP32 was not run on these pictures: there is nothing to compare with.")
        return
    if not shown:
        st.info("No first answer changed.")
        return
    st.subheader("Pictures whose answer changed")
    seen = pictures(found, [one.picture for one in shown])
    sweep_pictures.draw([_card(found, number, one, seen.get(one.picture)) for one in shown])
    st.caption("The most telling first: those where the confidence in the right class moved most.")


def _card(found: Found, number: int, one: Changed, picture: Thumbnail | None) -> str:
    truth = "" if one.truth is None else f"<div>{escape(one.truth)}: <b>{KINDS[one.kind]}</b></div>"
    after = answer(found.conditions.variants[number].own_title, one.after)
    return card(found, number, one.picture, picture, f"{truth}{answer('FP32', one.before)}{after}")


def _disagreeing(found: Found) -> None:
    groups = _groups(found)
    if not groups:
        return
    title = st.selectbox(
        "Where the formats disagree, in",
        list(groups),
        index=None,
        placeholder="choose a network",
        key=f"disagreeing_{found.results.job}",
    )
    if title is None:
        return
    numbers = groups[title]
    shown = disagreeing(found.results, found.conditions, numbers)
    if not shown:
        st.info("All give the same first answer to every picture.")
        return
    st.subheader("Pictures on which formats disagree")
    seen = pictures(found, [one.picture for one in shown])
    sweep_pictures.draw([_all_answers(found, numbers, one, seen.get(one.picture)) for one in shown])
    st.caption("Those with the most different answers first.")


def _groups(found: Found) -> dict[str, list[int]]:
    """The variants of each network with each weights, by place and without those that failed; two or more of each."""
    names, failed = weights_names(one.weights for one in found.conditions.variants), found.results.failures()
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(found.conditions.variants):
        if number not in failed:
            groups.setdefault(f"{architecture(one.network).title}, weights {names[one.weights]}", []).append(number)
    return {title: numbers for title, numbers in groups.items() if len(numbers) > 1}


def _all_answers(found: Found, numbers: list[int], one: Disagreement, picture: Thumbnail | None) -> str:
    """Its link shows the first variant that answers otherwise than the first of all."""
    first = one.answers[0].label
    others = [number for number, given in zip(numbers, one.answers, strict=True) if given.label != first]
    other = others[0] if others else numbers[-1]  # two classes may be called alike
    truth = "" if one.truth is None else f"<div><b>{escape(one.truth)}</b></div>"
    variants = [found.conditions.variants[number].own_title for number in numbers]
    answers = "".join(answer(title, given) for title, given in zip(variants, one.answers, strict=True))
    return card(found, other, one.picture, picture, truth + answers)
