"""The picture: from the gallery, an upload or the camera, with the crop that the networks see."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from PIL import Image

from core import settings
from core.errors import BitlensError
from core.images.crop import Crop, crop_box, cut
from core.images.decode import Picture, decode
from core.images.draw import DrawnBox, draw_boxes
from core.images.samples import Sample, sample, samples

GALLERY, UPLOAD, CAMERA = "gallery", "upload", "camera"
SOURCES = {GALLERY: "Gallery", UPLOAD: "Upload", CAMERA: "Camera"}
EXTENSIONS = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"]
MOST_UPLOADS = 20
SHOWN = 640
CROP_COLOUR = "#E69F00"


@dataclass(frozen=True)
class Picked:
    """The pictures to compare, the one that is open, and the crop that is shown to the networks."""

    pictures: tuple[Picture, ...]
    current: Picture
    crop: Crop


def pick() -> Picked | None:
    """Draw the picker. None while there is no picture that can be read."""
    source = st.segmented_control(
        "Picture",
        list(SOURCES),
        format_func=SOURCES.__getitem__,
        default=GALLERY,
        required=True,
        key="from",
        bind="query-params",
        width="stretch",
    )
    pictures = {GALLERY: _gallery, UPLOAD: _uploads, CAMERA: _camera}[source or GALLERY]()
    if not pictures:
        return None
    current = _open(pictures)
    return Picked(pictures, current, _crop(current))


def show(picked: Picked, fraction: float, side: int) -> None:
    """The picture with its crop outlined, and the crop as the networks see it."""
    image = picked.current.image
    box = crop_box(image.width, image.height, picked.crop, fraction)
    outlined = draw_boxes(image, [DrawnBox(box, CROP_COLOUR)])
    outlined.thumbnail((SHOWN, SHOWN))
    alt = f"{picked.current.name}, with the crop that the networks see outlined"
    st.image(outlined, output_format="PNG", width="stretch", alt=alt)
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        st.image(
            cut(image, box, side).resize((224, 224), Image.Resampling.NEAREST),
            output_format="PNG",
            width=80,
            alt=f"The {side} x {side} pixels that the networks see",
        )
        st.caption(f"The {side} × {side} pixels that every network sees, the same for every format.")
    if picked.current.note:
        st.caption(picked.current.note)


def _gallery() -> tuple[Picture, ...]:
    names = [one.name for one in samples()]
    name = st.selectbox(
        "Sample picture", names, format_func=lambda one: sample(one).title, key="sample", bind="query-params"
    )
    chosen = sample(name)
    _credit(chosen)
    return (_decoded(chosen.file.read_bytes(), chosen.name),)


def _credit(chosen: Sample) -> None:
    st.caption(
        f"{chosen.author}, {chosen.licence}. A picture may show nothing that the networks know: then they are unsure."
    )


def _uploads() -> tuple[Picture, ...]:
    files = st.file_uploader(
        "Drop photos here",
        EXTENSIONS,
        accept_multiple_files=True,
        key="upload",
        max_upload_size=settings.max_upload_bytes() // 1_000_000,
        help="JPEG, PNG, WebP, GIF, BMP or TIFF. They stay in this server's memory and are gone when you close the page.",
    )
    if len(files) > MOST_UPLOADS:
        st.warning(f"The first {MOST_UPLOADS} of {len(files)} pictures are compared.")
    return _readable([(file.name, file.getvalue()) for file in files[:MOST_UPLOADS]])


def _camera() -> tuple[Picture, ...]:
    shot = st.camera_input("Take a photo", key="camera")
    return _readable([("camera", shot.getvalue())]) if shot else ()


def _readable(files: list[tuple[str, bytes]]) -> tuple[Picture, ...]:
    """Those that can be decoded; a sentence for each that cannot. What was on the page stays, if none of them can."""
    pictures = []
    for name, data in files:
        try:
            pictures.append(_decoded(data, name))
        except BitlensError as error:
            st.error(str(error))
    if pictures:
        st.session_state["last_pictures"] = tuple(pictures)
    return tuple(pictures) or (st.session_state.get("last_pictures", ()) if files else ())


def _decoded(data: bytes, name: str) -> Picture:
    """Decoded once for the session, keyed on the content."""
    kept = st.session_state.setdefault("decoded", {})
    key = (name, hash(data))
    if key not in kept:
        if len(kept) >= MOST_UPLOADS:
            kept.clear()
        kept[key] = decode(data, name)
    picture: Picture = kept[key]
    return picture


def _open(pictures: tuple[Picture, ...]) -> Picture:
    if len(pictures) == 1:
        return pictures[0]
    index = st.selectbox(
        "Open picture",
        range(len(pictures)),
        format_func=lambda one: pictures[one].name,
        key="open",
        bind="query-params",
    )
    return pictures[min(index or 0, len(pictures) - 1)]


def _crop(picture: Picture) -> Crop:
    with st.popover("Move the crop", width="stretch"):
        size = st.slider("Size, % of the largest square", 10, 100, 100, key="zoom", bind="query-params")
        across = st.slider("Left to right, %", 0, 100, 50, key="across", bind="query-params")
        down = st.slider("Top to bottom, %", 0, 100, 50, key="down", bind="query-params")
    return Crop(across / 100, down / 100, size / 100)
