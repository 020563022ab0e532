"""What a link may open, and what it finds there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from core.compare.from_set import check_linked, number, picture, truth
from core.datasets.opening import open_set
from core.datasets.signs.samples import crop
from core.errors import DataError
from core.jobs.database import Database
from core.jobs.store import JobStore
from core.models.labels import labels
from core.sweeps.plan import Plan
from tests.datasets.files import two_classes, write_files


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    database = Database(tmp_path / "jobs.sqlite", busy_s=5)
    yield JobStore(database)
    database.close()


def test_a_link_opens_the_folders_of_jobs_alone(store: JobStore, tmp_path: Path) -> None:
    pets = str(tmp_path / "pets")
    store.add("sweep", Plan(("vgg16",), ("photos",), ("fp32",), pets).to_json())
    store.add("other", "no JSON at all")
    store.add("other", json.dumps({"data": 5}))
    check_linked(pets, lambda: store)
    for text in (f"{pets}/", f"{pets}/..", str(tmp_path), "/", "/etc", "~", "pets", "5", "nowhere", "' OR 1 --"):
        with pytest.raises(DataError, match="A link opens no folder that no sweep here was begun with"):
            check_linked(text, lambda: store)


def test_what_is_here_and_what_is_not_are_refused_alike(store: JobStore, tmp_path: Path) -> None:
    write_files(tmp_path / "pets", two_classes())
    told = []
    for name in ("pets", "none"):
        with pytest.raises(DataError) as caught:
            check_linked(str(tmp_path / name), lambda: store)
        told.append(str(caught.value).replace(str(tmp_path / name), "PATH"))
    assert told[0] == told[1]


@pytest.mark.parametrize("text", ["signs", "signs:50", "Signs:50:7", " signs:50", "imagenette", "imagenette:160px"])
def test_named_sets_ask_no_store(text: str) -> None:
    check_linked(text, lambda: pytest.fail("looked for a job"))


def test_a_sign() -> None:
    data = open_set("signs:50:7")
    sample, found = crop(7, "test", 17), picture(data, number(data, "17"))
    assert found.image.tobytes() == sample.picture.tobytes()
    assert found.name == "test 17"
    assert truth(data, 17) == f"This is: {labels('signs')[sample.signs[0].label]}."
    assert picture(data, 18).sha256 != found.sha256 == picture(open_set("signs:20:7"), 17).sha256


def test_a_picture_of_another_shape_is_another_picture(tmp_path: Path) -> None:
    """Though it has the same bytes."""
    for name, size in (("0.png", (6, 2)), ("1.png", (2, 6))):
        Image.new("RGB", size).save(tmp_path / name)
    wide, high = (picture(open_set(str(tmp_path)), index) for index in (0, 1))
    assert wide.image.tobytes() == high.image.tobytes() and wide.sha256 != high.sha256


def test_a_folder_with_labels_and_one_without(tmp_path: Path) -> None:
    data = open_set(str(write_files(tmp_path / "pets", two_classes())))
    assert [truth(data, index) for index in (0, 5)] == ["This is: cat.", "This is: dog."]
    flat = {name.rpartition("/")[2]: content for name, content in two_classes().items()}
    assert truth(open_set(str(write_files(tmp_path / "flat", flat))), 0) == "Nothing says what is on it."


@pytest.mark.parametrize("text", ["5", "-1", "", "1.5", "three", "²", "9" * 5000, "0x1"])
def test_a_number_that_is_none(text: str) -> None:
    with pytest.raises(DataError, match="has no picture number .* Give a whole number from 0 to 4."):
        number(open_set("signs:5"), text)
