"""The picture: dropped on the page, from the gallery or the camera, with the crop that the networks see."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import settings
from core.errors import ImageError
from core.images.crop import Crop
from core.images.decode import Picture
from core.images.samples import sample, samples
from core.serving.pictures import shared_pictures
from pages.parts import set_pictures
from pages.parts.file import File, sent
from pages.parts.session import literal, problem

GALLERY, UPLOAD, CAMERA = "gallery", "upload", "camera"
SOURCES = {GALLERY: "Gallery", UPLOAD: "Upload", CAMERA: "Camera"}
EXTENSIONS = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"]
MOST_UPLOADS = 20
UNKNOWN = "A picture may show nothing that the networks know: then they are unsure."


@dataclass(frozen=True)
class Picked:
    """The files to compare, the picture that is open and its `place` on the page, the crops by file key where they moved.

    `complaints` is where the page says what is wrong with a file.
    """

    files: tuple[File, ...]
    open: File
    current: Picture
    place: DeltaGenerator
    complaints: DeltaGenerator
    crops: Mapping[str, Crop]

    @property
    def crop(self) -> Crop:
        """That of the open picture."""
        return self.crop_of(self.open)

    def crop_of(self, file: File) -> Crop:
        return self.crops.get(file.key, Crop())


def pick(weights: str) -> Picked | None:
    """Draw the picker, whose gallery has pictures for these weights. None while there is no picture that can be read."""
    uploaded, complaints = _uploads(), st.container()
    with complaints:
        linked = set_pictures.linked()
    if linked:
        st.button("Choose another picture", key="leave", on_click=set_pictures.leave, width="stretch")
    files = [linked] if linked else _chosen(uploaded, weights)
    if not files:
        return None
    chosen = _open(files)
    place, crops = st.container(), _crops(chosen)
    st.caption(chosen.about)
    return Picked(tuple(files), chosen, chosen.picture(), place, complaints, crops)


def _chosen(uploaded: list[File], weights: str) -> list[File]:
    """From the source that the visitor chose, without those that cannot be read."""
    source = st.pills(
        "Picture",
        list(SOURCES),
        format_func=SOURCES.__getitem__,
        default=GALLERY,
        required=True,
        key="from",
        bind="query-params",
        wrap=True,
        on_change=set_pictures.leave,
    )
    gallery = _signs if weights == set_pictures.SIGNS else _gallery
    return _readable({GALLERY: gallery, UPLOAD: lambda: uploaded, CAMERA: _camera}[source or GALLERY]())


def _uploads() -> list[File]:
    files = st.file_uploader(
        "Drop photos here",
        EXTENSIONS,
        accept_multiple_files=True,
        key="upload",
        on_change=_show_uploads,
        max_upload_size=settings.max_upload_bytes() // 1_000_000,
        help=f"JPEG, PNG, WebP, GIF, BMP or TIFF, up to {MOST_UPLOADS} at once. They stay in this server's memory until newer "
        "ones take their place, and are never written to disk.",
    )
    if len(files) > MOST_UPLOADS:
        st.warning(f"The first {MOST_UPLOADS} of {len(files)} pictures are compared.")
    names = numbered([file.name for file in files[:MOST_UPLOADS]])
    return [sent(file.file_id, name, file.getvalue, UNKNOWN) for file, name in zip(files, names, strict=False)]


def _show_uploads() -> None:
    """What has just been dropped is what a visitor wants to see: the first of it opens."""
    set_pictures.leave()
    files = st.session_state["upload"]
    known: set[str] = st.session_state.get("uploaded", set())
    st.session_state["uploaded"] = {file.file_id for file in files}
    names = numbered([file.name for file in files])
    new = [name for file, name in zip(files, names, strict=True) if file.file_id not in known]
    if files:
        st.session_state["from"] = UPLOAD
    if new:
        st.session_state["open"] = new[0]


def _gallery() -> list[File]:
    names = [one.name for one in samples()]
    name = st.selectbox(
        "Sample picture",
        names,
        format_func=lambda one: sample(one).title,
        key="sample",
        bind="query-params",
        on_change=set_pictures.leave,
    )
    chosen = sample(name)
    about = f"{chosen.alt}. {chosen.author}, {chosen.licence}, from {chosen.source}. {chosen.note or UNKNOWN}"
    return [sent(chosen.name, chosen.name, chosen.file.read_bytes, about)]


def _signs() -> list[File]:
    return [set_pictures.sign()]


def numbered(names: Sequence[str]) -> list[str]:
    """Each name once: ["a.png", "a.png"] gives ["a.png", "a.png (2)"]."""
    found: list[str] = []
    for name in names:
        others = (f"{name} ({count})" for count in itertools.count(2))
        found.append(next(one for one in itertools.chain([name], others) if one not in found))
    return found


def _camera() -> list[File]:
    shot = st.camera_input("Take a photo", key="camera")
    return [sent(shot.file_id, "camera", shot.getvalue, UNKNOWN)] if shot else []


def _readable(files: Sequence[File]) -> list[File]:
    """Without those that are known to be bad, and a sentence for each of them. What was open stays, if there is no other."""
    good = [file for file in files if not _told(file)]
    last: File | None = st.session_state.get("last_open")
    if good or not files or last is None:
        return good
    st.caption(literal(f"{last.name} is still shown."))
    return [last]


def _told(file: File) -> bool:
    """Whether the file is known to be bad: then the page says so."""
    error = shared_pictures().error(file.key, file.name)
    if error is not None:
        problem(error)
    return error is not None


def _open(files: Sequence[File]) -> File:
    """The chosen file, which is decoded here; where that fails the page runs again, knows that it is bad, and says so."""
    chosen = files[0] if len(files) == 1 else _choice(files)
    try:
        chosen.picture()
    except ImageError:
        st.rerun()
    st.session_state["last_open"] = chosen
    return chosen


def _choice(files: Sequence[File]) -> File:
    names = [file.name for file in files]
    name = st.selectbox("Open picture", names, key="open", bind="query-params")
    return files[names.index(name)] if name in names else files[0]


def _crops(file: File) -> dict[str, Crop]:
    """The sliders of the open picture's crop; the crops of this session by file key."""
    crops: dict[str, Crop] = st.session_state.setdefault("crops", {})
    if st.session_state.get("cropped", file.key) != file.key:
        _move_sliders(crops.get(file.key, Crop()))
    st.session_state["cropped"] = file.key
    with st.popover("Move the crop", width="stretch"):
        size = st.slider("Size, % of the largest square", 10, 100, 100, key="zoom", bind="query-params")
        across = st.slider("Left to right, %", 0, 100, 50, key="across", bind="query-params")
        down = st.slider("Top to bottom, %", 0, 100, 50, key="down", bind="query-params")
    crops[file.key] = Crop(across / 100, down / 100, size / 100)
    return crops


def _move_sliders(crop: Crop) -> None:
    """To where they stood when this picture was last open."""
    for key, share in (("zoom", crop.size), ("across", crop.x), ("down", crop.y)):
        st.session_state[key] = round(100 * share)
