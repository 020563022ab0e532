"""The picture: from the gallery, an upload or the camera, with the crop that the networks see."""

from __future__ import annotations

import hashlib
import re
import string
from dataclasses import dataclass

import streamlit as st
from PIL import Image

from core import settings
from core.errors import ImageError
from core.images.crop import Crop, crop_box, cut
from core.images.decode import Picture, decode
from core.images.draw import DrawnBox, draw_boxes
from core.images.samples import Sample, sample, samples
from core.serving.cache import LeastRecent

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
    source = st.pills(
        "Picture",
        list(SOURCES),
        format_func=SOURCES.__getitem__,
        default=GALLERY,
        required=True,
        key="from",
        bind="query-params",
        wrap=True,
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
    return _readable([(chosen.name, chosen.file.read_bytes())])


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
    pictures: list[Picture] = []
    room = _most_pixels()
    for name, data in files:
        found = _decoded(data, name)
        if isinstance(found, str):
            st.error(literal(found))
            continue
        room -= _pixels(found)
        if room < 0:
            many = f"{_most_pixels() // 1_000_000} million pixels are shown together"
            st.warning(literal(f"{name} and what follows it is left out: at most {many}."))
            break
        pictures.append(found)
    if pictures:
        st.session_state["last_pictures"] = tuple(pictures)
    return tuple(pictures) or (st.session_state.get("last_pictures", ()) if files else ())


def _decoded(data: bytes, name: str) -> Picture | str:
    """The picture, or the sentence that says why there is none: worked out once for the session, keyed on the content."""
    kept = st.session_state.setdefault("decoded", LeastRecent(_most_pixels(), _pixels))
    key = (name, hashlib.sha256(data).hexdigest())
    found: Picture | str | None = kept.get(key)
    if found is None:
        try:
            found = decode(data, name)
        except ImageError as error:
            found = str(error)
        kept.put(key, found)
    return found


def _most_pixels() -> int:
    """Of all pictures of a session together, with 4 bytes each in memory: two of the largest."""
    return 2 * settings.max_pixels()


def _pixels(found: Picture | str) -> int:
    return found.image.width * found.image.height if isinstance(found, Picture) else 1


def literal(text: str) -> str:
    """Markdown that shows the text as it is: a file's name may hold anything."""
    return re.sub(f"([{re.escape(string.punctuation)}])", r"\\\1", text)


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
