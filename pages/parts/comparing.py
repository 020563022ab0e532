"""The Compare page below its heading: the picture and the choices on the left, the answers on the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.compare.records import Answer
from core.compare.sentences import sentence, summary
from core.compare.service import BEHIND, shared_comparison
from core.compare.view import View
from core.errors import BitlensError, ImageError
from core.images.crop import Crop
from core.models.catalog import ARCHITECTURES
from core.models.kinds import KINDS
from core.models.preprocessing import COMPACT, preprocessing
from core.variant import Variant
from pages.parts import cards, details, picker, preview, searching
from pages.parts.file import File
from pages.parts.regimes import choose_regimes
from pages.parts.session import literal, problem, session
from pages.parts.variants import Chosen, choose
from pages.parts.waiting import as_they_come

LEGEND = "↑ ↓ the label's rank moved against FP32, = it did not, + it is new among the five. Signed: hundredths of confidence."
LEGEND += " The last step, softmax, is in floating point for every format."
BOXED_LEGEND = f"{LEGEND} Boxes: the format's in its colour, FP32's dashed."
NOTHING = (
    "Drop a photo, take one or pick a sample: the answers appear here. A photo does not travel in a link, and is gone "
    "when the server starts anew."
)
Asked = list[tuple[Variant, "Future[Answer]"]]


def page() -> None:
    left, right = st.columns([1, 3.4], gap="medium")
    with left:
        above = st.container()
        chosen = choose()
        chosen = choose_regimes(chosen) if chosen else None
        with above:  # drawn later, since the gallery is that of the weights
            picked = picker.pick(st.session_state["weights"])
    shared_comparison().supersede(session())
    if picked is None:
        right.info(NOTHING)
        return
    asked = _ask(picked, chosen) if chosen else []  # first of all: the networks work while the page is drawn
    seen = preprocessing(chosen.networks[0], chosen.kind) if chosen else COMPACT
    preview.show(picked, seen.fraction, seen.side)
    with right:
        if chosen:
            _compare(picked, chosen, asked)
        else:
            st.info("Nothing to compute yet: the left side says what is missing.")


def _ask(picked: picker.Picked, chosen: Chosen) -> Asked:
    futures = shared_comparison().answers(View(picked.current, picked.crop), chosen.variants(), session())
    return list(zip(chosen.variants(), futures, strict=True))


def _compare(picked: picker.Picked, chosen: Chosen, asked: Asked) -> None:
    _grid_as_it_fills(asked, picked, KINDS[chosen.kind].has_box)
    answers = _answers(future for _, future in asked)
    if not answers:
        return
    _what_changed(answers)
    several = st.container()
    details.downloads(picked.current, answers)
    details.charts(View(picked.current, picked.crop), chosen, answers)
    searching.offer(chosen, answers)
    details.explanations(chosen.formats)
    if len(picked.files) > 1:
        with several:
            _several(picked, chosen)


def _grid_as_it_fills(asked: Asked, picked: picker.Picked, boxed: bool) -> None:
    st.html(cards.style(picked.current.image))
    slot = st.empty()

    def draw(done: int) -> None:
        slot.html(cards.grid(_rows(asked), picked.current.image.size, boxed))

    as_they_come([future for _, future in asked], draw)
    st.caption(BOXED_LEGEND if boxed else LEGEND)


def _rows(asked: Asked) -> dict[str, list[tuple[Variant, cards.Cell]]]:
    rows: dict[str, list[tuple[Variant, cards.Cell]]] = {}
    for variant, future in asked:
        rows.setdefault(variant.network, []).append((variant, _cell(future)))
    return rows


def _cell(future: Future[Answer]) -> cards.Cell:
    """The answer, its error, or None while it waits. What is not expected is an error of its own, never a traceback."""
    if not future.done() or future.cancelled():
        return None
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BitlensError):
        return error
    return BitlensError("This variant could not be computed.", "The server's log has the cause; try another format.")


def _answers(futures: Iterable[Future[Answer]]) -> list[Answer]:
    return [future.result() for future in futures if not future.cancelled() and future.exception() is None]


def _by_network(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.variant.network, []).append(answer)
    return found


def _what_changed(answers: Sequence[Answer]) -> None:
    st.header("What changed")
    for network, group in _by_network(answers).items():
        st.markdown(f"**{ARCHITECTURES[network].title}.** {sentence(group)}")


def _several(picked: picker.Picked, chosen: Chosen) -> None:
    """All pictures, one after the other: which first answers changed, computed behind those of the open one."""
    count = len(picked.files)
    st.header(f"All {count} pictures")
    bar, before, now = st.empty(), st.session_state.get("several", {}), {}
    for place, file in enumerate(picked.files):
        bar.progress(place / count, f"{place} of {count} pictures")
        key = (file.key, file.name, picked.crop_of(file), tuple(chosen.variants()))
        now[key] = before.get(key) or _all_answers(file, picked.crop_of(file), chosen, picked.complaints)
    st.session_state["several"] = {key: answers for key, answers in now.items() if _final(answers, chosen)}
    bar.empty()
    for line in summary(list(now.values())):
        st.markdown(literal(line.sentence))


def _final(answers: Sequence[Answer], chosen: Chosen) -> bool:
    """Whether they will be the same when asked again: complete, and none waits for a search."""
    return len(answers) == len(chosen.variants()) and not any(answer.preliminary for answer in answers)


def _all_answers(file: File, crop: Crop, chosen: Chosen, complaints: DeltaGenerator) -> list[Answer]:
    """One picture's, without those that failed; none where it cannot be read, which is said."""
    try:
        view = View(file.picture(), crop)
    except ImageError as error:
        with complaints:
            problem(error)
        return []
    futures = shared_comparison().answers(view, chosen.variants(), session(), BEHIND)
    as_they_come(futures, lambda done: None)
    return _answers(futures)
