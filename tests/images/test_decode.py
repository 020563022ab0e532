"""Every odd and hostile file of the table, damage at random, and how much memory all of it may take."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import ImageError
from core.images import decode as decoding
from core.images.decode import decode
from tests.picture_files import bomb, located, many_scans, photo, png, saved, sixteen_bit
from tests.pictures import READABLE, REFUSED, Readable, Refused

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pytest undoes the filter of the module under test

REPOSITORY = Path(__file__).resolve().parents[2]
STATUS = Path("/proc/self/status")
SMALL = [case for case in READABLE if case.size[0] * case.size[1] < 10_000]


@pytest.mark.parametrize("case", READABLE, ids=lambda case: case.name)
def test_readable(case: Readable) -> None:
    data = case.build()
    picture = decode(data, case.name)
    assert (picture.image.mode, picture.image.size) == ("RGB", case.size)
    assert (picture.name, picture.sha256) == (case.name, hashlib.sha256(data).hexdigest())
    assert case.note in picture.note
    assert bool(picture.note) == bool(case.note)
    width, height = case.size
    for index, colour in enumerate(case.corners):
        place = (width * (1 + 2 * (index % 2)) // 4, height * (1 + 2 * (index // 2)) // 4)
        found = picture.image.getpixel(place)
        far = np.abs(np.array(found) - colour).max()
        assert far <= case.tolerance, (place, found, colour)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_refused(case: Refused) -> None:
    with pytest.raises(ImageError) as caught:
        decode(case.build(), case.name)
    assert caught.value.message.startswith(case.name)
    assert case.says in caught.value.message
    assert caught.value.message.endswith(".") and caught.value.remedy.endswith(".")


def test_files_of_the_table_have_names_of_their_own() -> None:
    names = [case.name for case in (*READABLE, *REFUSED)]
    assert len(set(names)) == len(names) > 70


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_no_metadata_is_left(case: Readable) -> None:
    image = decode(case.build()).image
    assert type(image) is Image.Image  # what a format's own class remembers of its file is gone too
    assert image.info == {}
    assert dict(image.getexif()) == {}


def test_a_location_was_there_and_is_gone() -> None:
    before = located()
    after = saved(decode(before).image, "JPEG")
    assert Image.open(io.BytesIO(before)).getexif().get_ifd(0x8825)
    assert b"Jane Doe" in before and b"at home" in before
    assert b"Jane Doe" not in after and b"at home" not in after
    assert not Image.open(io.BytesIO(after)).getexif()


def test_sixteen_bits_are_divided_by_257_and_rounded() -> None:
    values = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    found = np.asarray(decode(sixteen_bit(values)).image)
    assert np.array_equal(found, np.round(values / 257)[:, :, None].repeat(3, axis=2))


def test_sixteen_bit_colours_are_within_one_of_that() -> None:
    values = np.random.default_rng(0).integers(0, 65_536, (64, 64, 3)).astype(np.uint16)
    found = np.asarray(decode(sixteen_bit(values)).image)
    assert np.abs(found - values / 257).max() <= 1


def test_alpha_is_composited_over_white() -> None:
    values = np.random.default_rng(0).integers(0, 256, (64, 64, 4), np.uint8)
    found = np.asarray(decode(saved(Image.fromarray(values), "PNG")).image)
    alpha = values[:, :, 3:] / 255
    assert np.abs(found - (values[:, :, :3] * alpha + 255 * (1 - alpha))).max() <= 0.51


def test_limits_come_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(Image.new("RGB", (1500, 1000)), "BMP")
    assert decode(data).image.size == (1500, 1000)
    monkeypatch.setenv("BITLENS_MAX_MEGAPIXELS", "1")
    with pytest.raises(ImageError, match="1,500 x 1,000 pixels; at most 1 million"):
        decode(data)
    monkeypatch.setenv("BITLENS_MAX_UPLOAD_MB", "4")
    with pytest.raises(ImageError, match="more than 4 MB"):
        decode(data)


def test_as_many_scans_as_encoders_make_are_read() -> None:
    assert decode(many_scans(90)).image.size == (64, 64)


@settings(max_examples=600)
@given(
    case=st.sampled_from(SMALL),
    length=st.floats(0.05, 1) | st.just(1.0),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    in_header=st.booleans(),
)
def test_damage_gives_a_picture_or_a_sentence(
    case: Readable, length: float, changes: list[tuple[float, int]], in_header: bool
) -> None:
    data = bytearray(case.build())
    for place, value in changes:
        data[int(place * (min(len(data), 100) if in_header else len(data)))] = value
    with suppress(ImageError):
        assert decode(bytes(data[: int(length * len(data))]), case.name).image.mode == "RGB"


# Of 49 million pixels: the decoder's own copy has 4 bytes for each pixel, and so has the RGB copy that is kept; alpha adds two
# planes. What is refused by its header costs next to nothing, in megabytes too.
HOSTILE: dict[str, tuple[Callable[[], bytes], int]] = {
    "bomb": (bomb, 450),
    "bomb with alpha": (lambda: png(7_000, 7_000, 8, 6, bytes(7_000 * 28_001)), 550),
    "bomb of 16 bits": (lambda: png(7_000, 7_000, 16, 0, bytes(7_000 * 14_001)), 550),
    **{
        case.name: (case.build, 30)
        for case in REFUSED
        if case.name.startswith(("huge", "tall", "tile", "scans", "long"))
    },
}
MEASURE = """
import re, sys
from pathlib import Path
from core.errors import ImageError
from core.images.decode import decode

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1000

data = Path(sys.argv[1]).read_bytes()
before = peak()
try:
    decode(data)
except ImageError as error:
    assert "memory" not in str(error)
print(peak() - before)
"""


@pytest.mark.skipif(not STATUS.exists(), reason="the peak of a process's memory is read from Linux's /proc")
@pytest.mark.parametrize("name", HOSTILE)
def test_memory_is_bounded(name: str, tmp_path: Path) -> None:
    build, most = HOSTILE[name]
    file = tmp_path / "file"
    file.write_bytes(build())
    command = [sys.executable, "-c", MEASURE, str(file)]
    found = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=100, check=True)
    assert 0 <= float(found.stdout) < most  # megabytes


def test_at_most_two_are_decoded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    def slow(source: Image.Image) -> Image.Image:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.02)
        running -= 1
        return source

    monkeypatch.setattr(decoding, "_upright_rgb", slow)
    with ThreadPoolExecutor(6) as pool:
        assert len(list(pool.map(decode, [saved(photo(), "PNG")] * 6))) == 6
    assert most == 2
