"""The Compare page below its heading: the picture and the choices on the left, the answers on the right."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

import streamlit as st

from core.compare.records import Answer
from core.compare.sentences import sentence, summary
from core.compare.service import shared_comparison
from core.compare.view import View
from core.errors import BitlensError
from core.models.catalog import ARCHITECTURES
from core.models.preprocessing import COMPACT, preprocessing
from core.variant import Variant
from pages.parts import cards, details, picker, searching
from pages.parts.variants import Chosen, choose

POLL_S = 0.5
Futures = list[tuple[Variant, "Future[Answer]"]]


def page() -> None:
    left, right = st.columns([1, 3.9], gap="medium")
    with left:
        picked = picker.pick()
        place = st.container()
        chosen = choose()
    if picked is None:
        right.info("Pick a sample, drop a photo or take one: the answers appear here.")
        return
    with place:
        seen = preprocessing(chosen.networks[0], chosen.kind) if chosen else COMPACT
        picker.show(picked, seen.fraction, seen.side)
    with right:
        if chosen:
            _compare(picked, chosen)
        else:
            st.info("Nothing to compute yet: the left side says what is missing.")


def _compare(picked: picker.Picked, chosen: Chosen) -> None:
    view = View(picked.current, picked.crop)
    futures = list(zip(chosen.variants(), shared_comparison().answers(view, chosen.variants()), strict=True))
    _grid_as_it_fills(futures, picked)
    answers = _answers(futures)
    if not answers:
        return
    _what_changed(answers)
    if len(picked.pictures) > 1:
        _several(picked, chosen)
    details.downloads(picked.current, answers)
    details.charts(view, chosen, answers)
    searching.offer(chosen, answers)
    details.explanations()


def _grid_as_it_fills(futures: Futures, picked: picker.Picked) -> None:
    """Draw the grid again whenever an answer has come, until all are there. A rerun of the page ends the waiting."""
    slot = st.empty()
    pending = {future for _, future in futures}
    while True:
        slot.html(cards.grid(_rows(futures), picked.current.image))
        pending = {future for future in pending if not future.done()}
        if not pending:
            return
        wait(pending, timeout=POLL_S, return_when=FIRST_COMPLETED)


def _rows(futures: Futures) -> dict[str, list[tuple[Variant, cards.Cell]]]:
    rows: dict[str, list[tuple[Variant, cards.Cell]]] = {}
    for variant, future in futures:
        rows.setdefault(variant.network, []).append((variant, _cell(future)))
    return rows


def _cell(future: Future[Answer]) -> cards.Cell:
    """The answer, its error, or None while it waits. What is not expected is an error of its own, never a traceback."""
    if not future.done():
        return None
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BitlensError):
        return error
    return BitlensError("This variant could not be computed.", "The server's log has the cause; try another format.")


def _answers(futures: Futures) -> list[Answer]:
    return [future.result() for _, future in futures if future.exception() is None]


def _by_network(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.variant.network, []).append(answer)
    return found


def _what_changed(answers: Sequence[Answer]) -> None:
    st.subheader("What changed")
    for network, group in _by_network(answers).items():
        st.markdown(f"**{ARCHITECTURES[network].title}.** {sentence(group)}")


def _several(picked: picker.Picked, chosen: Chosen) -> None:
    """The other pictures: which first answers changed, computed behind those of the open one."""
    st.subheader(f"All {len(picked.pictures)} pictures")
    service = shared_comparison()
    futures = [service.answers(View(picture), chosen.variants()) for picture in picked.pictures]
    total, bar = sum(map(len, futures)), st.empty()
    while done := sum(future.done() for group in futures for future in group):
        if done == total:
            break
        bar.progress(done / total, f"{done} of {total} answers")
        wait([future for group in futures for future in group if not future.done()], timeout=POLL_S)
    bar.empty()
    for line in summary([[one.result() for one in group if one.exception() is None] for group in futures]):
        st.markdown(picker.literal(line.sentence))
