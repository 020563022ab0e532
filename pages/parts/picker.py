"""The picture: from the gallery, an upload or the camera, with the crop that the networks see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st
from PIL import Image

from core import settings
from core.errors import ImageError
from core.images.crop import Crop, crop_box, cut
from core.images.decode import Picture
from core.images.draw import DrawnBox, draw_boxes, shrink
from core.images.samples import sample, samples
from core.serving.pictures import pixels, shared_pictures
from pages.parts.session import literal, problem

GALLERY, UPLOAD, CAMERA = "gallery", "upload", "camera"
SOURCES = {GALLERY: "Gallery", UPLOAD: "Upload", CAMERA: "Camera"}
EXTENSIONS = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"]
MOST_UPLOADS = 20
MOST_TOGETHER = 2  # pictures of the largest size, in pixels
SHOWN = 640
CROP_COLOUR = "#E69F00"


@dataclass(frozen=True)
class File:
    """A picture file as it came; `key` names it for good, and its bytes are read when they are needed."""

    key: str
    name: str
    read: Callable[[], bytes]


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
    outlined = _outlined(image, box)
    alt = f"{picked.current.name}, with the crop that the networks see outlined"
    st.image(outlined, output_format="JPEG", width="stretch", alt=alt)
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


def _outlined(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """Made small before it is drawn on, so that a large photograph costs no more than a small one."""
    small = shrink(image, SHOWN)
    across, down = small.width / image.width, small.height / image.height
    scaled = (box[0] * across, box[1] * down, box[2] * across, box[3] * down)
    return draw_boxes(small, [DrawnBox(scaled, CROP_COLOUR)])


def _gallery() -> tuple[Picture, ...]:
    names = [one.name for one in samples()]
    name = st.selectbox(
        "Sample picture", names, format_func=lambda one: sample(one).title, key="sample", bind="query-params"
    )
    chosen = sample(name)
    st.caption(
        f"{chosen.alt}. {chosen.author}, {chosen.licence}, from {chosen.source}. "
        "A picture may show nothing that the networks know: then they are unsure."
    )
    return _readable([File(chosen.name, chosen.name, chosen.file.read_bytes)])


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
    names = numbered([file.name for file in files[:MOST_UPLOADS]])
    return _readable([File(file.file_id, name, file.getvalue) for file, name in zip(files, names, strict=False)])


def numbered(names: Sequence[str]) -> list[str]:
    """Each name once: ["a.png", "a.png"] gives ["a.png", "a.png (2)"]."""
    found: list[str] = []
    for place, name in enumerate(names):
        count = names[: place + 1].count(name)
        found.append(name if count == 1 else f"{name} ({count})")
    return found


def _camera() -> tuple[Picture, ...]:
    shot = st.camera_input("Take a photo", key="camera")
    return _readable([File(shot.file_id, "camera", shot.getvalue)]) if shot else ()


def _readable(files: Sequence[File]) -> tuple[Picture, ...]:
    """Those that can be decoded; a sentence for each that cannot. What was on the page stays, if none of them can."""
    pictures: list[Picture] = []
    shown: list[tuple[str, str]] = []
    room = MOST_TOGETHER * settings.max_pixels()
    for file in files:
        try:
            picture = shared_pictures().decoded(file.key, file.name, file.read)
        except ImageError as error:
            problem(error)
            continue
        room -= pixels(picture)
        if room < 0:
            many = f"{MOST_TOGETHER * settings.max_pixels() // 1_000_000} million pixels are shown together"
            st.warning(literal(f"{file.name} and what follows it is left out: at most {many}."))
            break
        pictures.append(picture)
        shown.append((file.key, file.name))
    if pictures:
        st.session_state["shown"] = shown
    return tuple(pictures) or (_shown_before() if files else ())


def _shown_before() -> tuple[Picture, ...]:
    found = (shared_pictures().find(key, name) for key, name in st.session_state.get("shown", ()))
    return tuple(picture for picture in found if picture is not None)


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
