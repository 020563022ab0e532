"""Folders as people have them."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets import scan
from core.datasets.folder import FolderSet, open_folder
from core.errors import DataError
from tests.datasets.files import picture, two_classes, write_files


def _pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def _titles(data: FolderSet) -> list[str]:
    return [data.title(index) for index in range(len(data))]


def test_class_folders(tmp_path: Path) -> None:
    files = two_classes()
    data = open_folder(write_files(tmp_path / "pets", files))
    assert (data.name, data.classes, data.synsets, data.notes) == ("pets", ("cat", "dog"), (None, None), ())
    assert _titles(data) == sorted(files)
    for index in range(len(data)):
        assert np.array_equal(np.asarray(data.picture(index)), _pixels(files[data.title(index)]))
        label = data.label(index)
        assert label is not None and data.classes[label] == data.title(index).split("/")[0]


def test_a_flat_folder_is_unlabelled(tmp_path: Path) -> None:
    data = open_folder(write_files(tmp_path / "mine", {f"{name}.png": picture(0) for name in "cab"}))
    assert (data.classes, data.synsets, _titles(data)) == ((), (), ["a.png", "b.png", "c.png"])
    assert [data.label(index) for index in range(3)] == [None] * 3


def test_synset_ids_are_known_as_such(tmp_path: Path) -> None:
    files = {
        "n02106030/images/a.JPEG": picture(0, kind="JPEG"),
        "N01443537/b.jpg": picture(1, kind="JPEG"),
        "x/c.bmp": b"",
    }
    data = open_folder(write_files(tmp_path / "set", files))
    assert data.synsets == ("n01443537", "n02106030", None)
    assert _titles(data) == ["N01443537/b.jpg", "n02106030/images/a.JPEG", "x/c.bmp"]


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    others = {"notes.csv": b"x", "cat/readme.md": b"x", "bird/song.mp3": b"x", ".git/a.png": b"x", "cat/.b.png": b"x"}
    data = open_folder(write_files(tmp_path / "pets", two_classes() | others))
    assert len(data) == 6
    assert data.notes == (
        "Left out: 3 files that are no picture by name.",
        "Left out: bird, in which no pictures are.",
    )


@pytest.mark.parametrize("depth", [1, 2])
def test_a_wrapping_is_taken_off(tmp_path: Path, depth: int) -> None:
    wrapping = "/".join(["outer", "inner"][:depth])
    data = open_folder(
        write_files(tmp_path / "zip", {f"{wrapping}/{name}": one for name, one in two_classes().items()})
    )
    assert (data.classes, data.notes) == (("cat", "dog"), ())
    flat = open_folder(write_files(tmp_path / "flat", {f"{wrapping}/a.png": picture(0)}))
    assert flat.classes == ()
    assert flat.notes == (f"{wrapping[-5:]} is the only folder: it is taken for the set itself, not for a class.",)
    single = open_folder(write_files(tmp_path / "one", {"n01443537/a.png": picture(0)}))
    assert single.classes == ("n01443537",)


def test_a_fingerprint_is_of_contents_and_classes(tmp_path: Path) -> None:
    files = two_classes()
    one = open_folder(write_files(tmp_path / "one", files))
    moved = open_folder(write_files(tmp_path / "deep" / "two", files))
    renamed = {name.replace("/0", "/00"): data for name, data in files.items()}
    assert one.fingerprint == moved.fingerprint == open_folder(write_files(tmp_path / "three", renamed)).fingerprint
    changed = files | {"cat/0.png": picture(77)}
    fingerprints = {
        one.fingerprint,
        open_folder(write_files(tmp_path / "four", changed)).fingerprint,
        open_folder(write_files(tmp_path / "five", {n.replace("dog", "cow"): d for n, d in files.items()})).fingerprint,
        open_folder(write_files(tmp_path / "six", {n.replace("/", "-"): d for n, d in files.items()})).fingerprint,
        open_folder(write_files(tmp_path / "seven", two_classes(2))).fingerprint,
    }
    assert len(fingerprints) == 5


def _parted(*parts: str) -> dict[str, bytes]:
    return {f"{part}/{name}": data for part in parts for name, data in two_classes(40).items()}


@pytest.mark.parametrize("val", ["val", "Validation", "valid"])
def test_train_and_val_folders(tmp_path: Path, val: str) -> None:
    """The val folder is scored, so a twentieth of the training pictures chooses epochs, and trains nothing."""
    folder = write_files(tmp_path / "set", _parted("train", val))
    scored = open_folder(folder)
    assert len(scored) == 80 and scored.entries == open_folder(folder, "test").entries
    assert {entry.path.parent.parent.name for entry in scored.entries} == {val}
    train, chosen = open_folder(folder, "train"), open_folder(folder, "val")
    assert len(train) + len(chosen) == 80 and 0 < len(chosen) < 20
    assert not {entry.path for entry in train.entries} & {entry.path for entry in chosen.entries}
    assert train.classes == chosen.classes == scored.classes == ("cat", "dog")


def test_train_val_and_test_folders(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "set", _parted("train", "val", "test"))
    for split in ("train", "val", "test"):
        data = open_folder(folder, split)
        assert {entry.path.parent.parent.name for entry in data.entries} == {split}
        assert len(data) == 80


def test_a_part_that_is_not_there(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "set", _parted("val", "test"))
    assert len(open_folder(folder, "val")) == 80
    with pytest.raises(DataError, match="no folder of training pictures"):
        open_folder(folder, "train")


def test_a_plain_folder_is_divided(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "pets", two_classes(150))
    parts = {split: set(_titles(open_folder(folder, split))) for split in ("train", "val", "test")}
    assert sum(map(len, parts.values())) == 300 == len(set.union(*parts.values()))
    assert 210 < len(parts["train"]) < 270 and len(parts["val"]) > 10 and len(parts["test"]) > 10
    write_files(folder, {"cat/new.png": picture(0)})
    assert all(titles <= set(_titles(open_folder(folder, split))) for split, titles in parts.items())
    with pytest.raises(DataError, match="no split named 'dev'"):
        open_folder(folder, "dev")
    with pytest.raises(DataError, match="has no picture for this split"):
        open_folder(write_files(tmp_path / "few", {"a.png": picture(0), "b.png": picture(1)}), "val")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "holds no pictures. Give a folder"),
        ({"a.txt": b"x"}, "holds no pictures"),
        ({"a.png": b"x", "cat/b.png": b"x"}, "both inside and outside of folders, such as a.png and cat."),
    ],
)
def test_what_cannot_be_a_set(tmp_path: Path, files: dict[str, bytes], says: str) -> None:
    folder = write_files(tmp_path / "set", files)
    folder.mkdir(exist_ok=True)
    with pytest.raises(DataError, match=says) as caught:
        open_folder(folder)
    assert caught.value.remedy and str(caught.value).startswith("set ")


def test_a_folder_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_files(tmp_path / "pets", two_classes())
    (folder / "cat" / "loop").symlink_to(folder)
    assert len(open_folder(folder)) == 6
    monkeypatch.setattr(scan, "MOST_FILES", 5)
    with pytest.raises(DataError, match="pets holds more than 5 files"):
        open_folder(folder)


def test_pictures_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"cut.png": picture(0)[:80], "phone.heic": b"ftypheic", "gone.png": picture(1), "big.png": picture(2, 60)}
    data = open_folder(write_files(tmp_path / "set", files))
    (tmp_path / "set" / "gone.png").unlink()
    monkeypatch.setenv("BITLENS_MAX_UPLOAD_MB", "0")
    for index, says in enumerate(
        ("more than 0 MB", "more than 0 MB", "cannot be read (No such file", "more than 0 MB")
    ):
        with pytest.raises(DataError) as caught:
            data.picture(index)
        assert says in str(caught.value) and caught.value.remedy
    monkeypatch.delenv("BITLENS_MAX_UPLOAD_MB")
    assert data.picture(0).size == (60, 60)
    with pytest.raises(DataError, match="damaged, cut off"):
        data.picture(1)
    with pytest.raises(DataError, match="not a picture in a format"):
        data.picture(3)
    with pytest.raises(DataError, match="gone.png cannot be read"):
        _ = data.fingerprint


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to the superuser")
def test_a_folder_that_is_closed(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "pets", two_classes())
    (folder / "cat").chmod(0)
    with pytest.raises(DataError, match="cat cannot be read"):
        open_folder(folder)
    (folder / "cat").chmod(0o755)
