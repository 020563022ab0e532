"""One text for each data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyarrow import Table, parquet

from core.datasets.opening import open_set, settled
from core.datasets.picture_set import chance_of
from core.datasets.signs.samples import crop
from core.datasets.signs.signs_set import SignsSet, arrays
from core.datasets.tiny_imagenet import hold_back
from core.errors import DataError
from core.models.labels import labels, synsets
from tests.datasets.files import picture, two_classes, write_files, write_zip

TINY = ("n01443537", "n02106030", "n01440764")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("text", "count", "seed"), [("signs", 2_000, 0), ("signs:50", 50, 0), ("Signs:50:7", 50, 7), (" signs:1:0 ", 1, 0)]
)
def test_signs(text: str, count: int, seed: int) -> None:
    data = open_set(text)
    assert data == SignsSet(count, seed, "test")
    assert len(data) == count
    assert data.classes == labels("signs") and data.synsets == synsets("signs")
    sample = crop(seed, "test", count - 1)
    assert data.picture(count - 1).tobytes() == sample.picture.tobytes()
    assert data.label(count - 1) == sample.signs[0].label
    assert data.title(count - 1) == f"test {count - 1}"
    with pytest.raises(IndexError):
        data.picture(count)


def test_signs_of_another_split_seed_or_number_have_another_fingerprint() -> None:
    sets = [SignsSet(50), SignsSet(51), SignsSet(50, 1), SignsSet(50, 0, "val"), SignsSet(5)]
    assert len({one.fingerprint for one in sets}) == len(sets)
    assert SignsSet(50).fingerprint == open_set("signs:50").fingerprint
    assert "2,000 of split val, seed 3" in SignsSet(seed=3, split="val").name


def test_signs_as_arrays() -> None:
    part = arrays(4, "train", 6, begin=10)
    assert (part.images.shape, part.images.dtype, part.labels.dtype) == ((6, 3, 64, 64), np.uint8, np.int64)
    for place in range(6):
        sample = crop(4, "train", 10 + place)
        assert np.array_equal(part.images[place], np.asarray(sample.picture).transpose(2, 0, 1))
        assert part.labels[place] == sample.signs[0].label
        assert part.boxes[place] == pytest.approx(sample.signs[0].box)
    assert SignsSet(20, 4, "train").factors(12) == crop(4, "train", 12).signs[0].factors


@pytest.mark.parametrize("text", ["signs:", "signs:0", "signs:-1", "signs:1.5", "signs:5:", "signs:5:1:2", "signs:²"])
def test_signs_that_are_none(text: str) -> None:
    with pytest.raises(DataError, match="names no Signs set. Give signs, signs:N"):
        open_set(text)
    with pytest.raises(DataError, match="names no Signs set"):
        open_set(f"signs:{'9' * 5000}")


def test_a_folder_and_its_zip_are_the_same_set(tmp_path: Path) -> None:
    folder = open_set(str(write_files(tmp_path / "pets", two_classes())))
    zipped = open_set(
        str(write_zip(tmp_path / "pets.zip", {f"x/{name}": data for name, data in two_classes().items()}))
    )
    assert (folder.name, zipped.name) == ("pets", "pets")
    assert folder.classes == zipped.classes == ("cat", "dog")
    assert folder.fingerprint == zipped.fingerprint
    assert all(folder.picture(index).tobytes() == zipped.picture(index).tobytes() for index in range(len(folder)))


def test_a_relative_path_and_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path / "signs", two_classes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_set("./signs").classes == open_set("~/signs").classes == ("cat", "dog")


@pytest.mark.parametrize("text", ["", " ", "nowhere", "/nowhere/at all", "imagenett", "a\0b", "~nobody/x", "x" * 5000])
def test_nothing_there(text: str) -> None:
    with pytest.raises(DataError, match="There is no data set at .* Give signs, imagenette, a folder"):
        open_set(text)


def test_a_file_that_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(0))
    (tmp_path / "b.zip").write_bytes(b"no zip at all")
    with pytest.raises(DataError, match="There is no data set at"):
        open_set(str(tmp_path / "a.jpg"))
    with pytest.raises(DataError, match="b.zip is no zip file"):
        open_set(str(tmp_path / "b.zip"))


def _tiny(count: int = 2) -> dict[str, bytes]:
    files = {
        "wnids.txt": "\n".join(TINY).encode(),
        "words.txt": b"n01443537\tgoldfish, Carassius auratus\nn02106030\tcollie",
    }
    lines = []
    for number, wnid in enumerate(TINY):
        boxes = ""
        for index in range(count):
            name = f"{wnid}_{index}.JPEG"
            files[f"train/{wnid}/images/{name}"] = picture(10 * number + index, 64, "JPEG")
            boxes += f"{name}\t0\t0\t63\t63\n"
        files[f"train/{wnid}/{wnid}_boxes.txt"] = boxes.encode()
        files[f"val/images/val_{number}.JPEG"] = picture(100 + number, 64, "JPEG")
        lines.append(f"val_{number}.JPEG\t{wnid}\t0\t0\t63\t63\n")
    return files | {"val/val_annotations.txt": "".join(lines).encode()}


@pytest.mark.parametrize("zipped", [False, True])
def test_tiny_imagenet(tmp_path: Path, zipped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Test is its validation pictures; labels go by the sorted ids, as the photos networks' outputs do."""
    files = {f"tiny-imagenet-200/{name}": data for name, data in _tiny().items()}
    where = write_zip(tmp_path / "t.zip", files) if zipped else write_files(tmp_path / "t", files)
    data = open_set(str(where))
    assert data.synsets == ("n01440764", "n01443537", "n02106030")
    assert data.classes == ("n01440764", "goldfish", "collie")
    assert [data.label(index) for index in range(len(data))] == [1, 2, 0]
    assert data.picture(1).size == (64, 64) and data.picture(1).mode == "RGB"
    assert data.title(1) == "picture 1" and "3 of split test" in data.name

    monkeypatch.setattr("core.datasets.tiny_set.hold_back", lambda total: hold_back(total, count=2))
    train, chosen = open_set(str(where), "train"), open_set(str(where), "val")
    assert (len(train), len(chosen)) == (4, 2)
    shown = [one.picture(index).tobytes() for one in (data, train, chosen) for index in range(len(one))]
    assert len(set(shown)) == 9
    assert len({one.fingerprint for one in (data, train, chosen)}) == 3


def test_both_layouts_of_tiny_imagenet_have_one_fingerprint(tmp_path: Path) -> None:
    files = _tiny()
    rows = []
    for line in files["val/val_annotations.txt"].decode().splitlines():
        file, wnid, *corners = line.split()
        box = dict(zip(("x0", "y0", "x1", "y1"), map(int, corners), strict=True))
        rows.append({"file": file, "wnid": wnid, **box, "jpeg": files[f"val/images/{file}"]})
    packed = write_files(tmp_path / "packed", {"wnids.txt": files["wnids.txt"]})
    parquet.write_table(Table.from_pylist(rows), packed / "val.parquet")
    one, other = open_set(str(packed)), open_set(str(write_files(tmp_path / "official", files)))
    assert one.fingerprint == other.fingerprint
    assert one.classes == ("n01440764", "n01443537", "n02106030")


def test_a_title_falls_anywhere() -> None:
    found = [chance_of(f"cat/{number}.png") for number in range(2_000)]
    assert min(found) >= 0 and max(found) < 1
    assert np.histogram(found, 4, (0, 1))[0] == pytest.approx([500] * 4, abs=80)
    assert chance_of("cat/\udcff.png") == chance_of("cat/\udcff.png")


def test_what_names_the_same_set_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_files(tmp_path, {"pets/0.png": picture(0), "signs/0.png": picture(0)}))
    assert settled(" pets ") == settled("./pets/") == str(tmp_path / "pets")
    assert settled("./signs") == str(tmp_path / "signs")
    for text in ("signs", "Signs:200:7", "imagenette:160px", "nowhere", "a\0b", ""):
        assert settled(text) == text
