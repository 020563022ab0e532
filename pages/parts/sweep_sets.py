"""Which pictures are swept: signs drawn by this program, a folder or zip, or Imagenette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets.imagenette import NAMES, Archive
from core.datasets.opening import missing, settled
from core.datasets.signs.signs_set import LARGEST, SignsSet
from core.errors import BitlensError
from core.models.weights import WEIGHTS
from core.serving.background import Job, shared_background
from core.sweeps.launch import fitting
from pages.parts.session import at_home, problem, progress
from pages.parts.uploaded import KEPT, kept

SIGNS = "signs"
LAYOUT = "One folder for each class, named by the network's labels or synset ids; or all pictures in one folder: then they have "
LAYOUT += "no labels, and the formats are compared with FP32 alone. Tiny ImageNet's own layout is known too."
Whole = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Pictures:
    """`data` names the set as on the command line, empty while none is chosen. `weights` are those that fit it.

    `count` is how many pictures are taken, None for all; `exact` says that the set has no fewer. `limit` is the plan's.
    """

    data: str
    weights: tuple[str, ...]
    count: int | None
    exact: bool
    limit: int | None
    seed: int


def choose_pictures() -> Pictures:
    name = st.selectbox("Data set", list(SETS), key="set", bind="query-params")
    data, weights = SETS[name]()
    return _drawn(weights) if data == SIGNS else _limited(data, weights)


def choose_set() -> Whole:
    """The whole set, as on the command line, empty while none is chosen; and the weights that fit it."""
    name = st.selectbox("Data set", list(SETS), key="set", bind="query-params")
    return SETS[name]()


def _drawn(weights: tuple[str, ...]) -> Pictures:
    left, right = st.columns(2, gap="small")
    count = int(left.number_input("Pictures", 1, LARGEST, 1_000, step=100, key="signs_pictures", bind="query-params"))
    seed = _seed(right, "Another seed draws other signs.")
    return Pictures(f"{SIGNS}:{count}:{seed}", weights, count, True, None, seed)


def _signs() -> Whole:
    st.caption("Road signs that this program draws; those that score are of a split that no network was trained on.")
    return SIGNS, tuple(fitting(SignsSet.classes, SignsSet.synsets))


def _folder() -> Whole:
    path = ""
    if at_home():
        path = st.text_input("Folder or zip on this machine", key="path", placeholder="/path/to/pictures", help=LAYOUT)
    zipped = st.file_uploader(
        "A zip of a folder", ["zip"], key="zip", max_upload_size=st.get_option("server.maxUploadSize"), help=LAYOUT
    )
    st.caption(f"{KEPT} Who can open this page sees every job, and pictures of its set.")
    data = settled(path)
    if zipped is not None:
        try:
            data = str(kept(zipped))
        except BitlensError as error:
            problem(error)
    if not data:
        st.info("Name a folder or a zip, or drop a zip." if at_home() else "Drop a zip of a folder of pictures.")
    return data, tuple(WEIGHTS)


def _imagenette() -> Whole:
    weights = tuple(fitting(tuple(NAMES.values()), tuple(NAMES)))
    archive = missing("imagenette")
    if archive is None:
        return "imagenette", weights
    st.caption(f"Photographs of ten ImageNet classes, {archive.megabytes:,} MB, which are not here yet.")
    _download(archive)
    return "", weights


def _download(archive: Archive) -> None:
    key = f"download-{archive.file}"
    job = shared_background().find(key)
    if job is not None and job.state == "running":
        progress(key, job)
        return
    if job is not None and job.error is not None:
        problem(job.error)
    if st.button(f"Download {archive.title}, {archive.megabytes:,} MB", width="stretch"):
        shared_background().start(key, f"The download of {archive.title}", lambda running: _fetch(archive, running))
        st.rerun()


def _fetch(archive: Archive, job: Job) -> None:
    def report(done: int, total: int) -> None:
        job.share = done / total if total else 0.0

    archive.fetch(report, job.stop.is_set)


def _limited(data: str, weights: tuple[str, ...]) -> Pictures:
    left, right = st.columns(2, gap="small")
    asked = left.number_input("Pictures", 1, None, None, 100, key="limit", placeholder="all", bind="query-params")
    limit = None if asked is None else int(asked)
    seed = _seed(right, "Which pictures are taken, where the set has more.")
    return Pictures(data, weights, limit, False, limit, seed)


def _seed(place: DeltaGenerator, words: str) -> int:
    return int(place.number_input("Seed", 0, None, 0, step=1, key="seed", bind="query-params", help=words))


SETS: dict[str, Callable[[], Whole]] = {
    "Signs": _signs,
    "A folder or zip": _folder,
    "Imagenette": _imagenette,
}
