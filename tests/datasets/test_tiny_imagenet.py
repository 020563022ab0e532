"""The official layout and the packed one, made of the same few pictures."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pyarrow import Table, parquet

from core.datasets import tiny_imagenet
from core.datasets.tiny_imagenet import Split, hold_back, load, wnids
from core.errors import DataError

NAMES = ("n03", "n01", "n02")  # wnids.txt is in no order; labels go by the sorted ids
Row = dict[str, object]


def _jpeg(seed: int, side: int = 64, mode: str = "RGB") -> bytes:
    values = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(values).resize((side, side)).convert(mode).save(encoded, "JPEG")
    return encoded.getvalue()


def _rows(split: str) -> list[Row]:
    """Pictures 0 to 11, of each class four; number 5 is grey, as some of the data set's are."""
    found: list[Row] = []
    for index in range(12):
        wnid = NAMES[index % 3]
        file = f"{wnid}_{index // 3}.JPEG" if split == "train" else f"val_{index}.JPEG"
        box = {"x0": index, "y0": 2 * index, "x1": 40 + index, "y1": 63}
        data = _jpeg(index + (100 if split == "val" else 0), mode="L" if index == 5 else "RGB")
        found.append({"file": file, "wnid": wnid, **box, "jpeg": data})
    return found


def _line(row: Row, *keys: str) -> str:
    return "\t".join(str(row[key]) for key in keys) + "\n"


@pytest.fixture
def official(tmp_path: Path) -> Path:
    folder = tmp_path / "official"
    corners = ("x0", "y0", "x1", "y1")
    for row in _rows("train"):
        images = folder / "train" / str(row["wnid"]) / "images"
        images.mkdir(parents=True, exist_ok=True)
        (images / str(row["file"])).write_bytes(bytes(row["jpeg"]))  # type: ignore[call-overload]
        with (images.parent / f"{row['wnid']}_boxes.txt").open("a") as stream:
            stream.write(_line(row, "file", *corners))
    (folder / "val" / "images").mkdir(parents=True)
    with (folder / "val" / "val_annotations.txt").open("w") as stream:
        for row in _rows("val"):
            (folder / "val" / "images" / str(row["file"])).write_bytes(bytes(row["jpeg"]))  # type: ignore[call-overload]
            stream.write(_line(row, "file", "wnid", *corners))
    (folder / "wnids.txt").write_text("\n".join(NAMES) + "\n")
    return folder


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Train in two files, in an order of their own."""
    folder = tmp_path / "packed"
    folder.mkdir()
    rows = _rows("train")[::-1]
    for row in rows:
        row["file"] = f"train/{row['wnid']}/images/{row['file']}"
    for name, part in (("train-1", rows[:7]), ("train-0", rows[7:]), ("val", _rows("val"))):
        parquet.write_table(Table.from_pylist(part), folder / f"{name}.parquet")
    (folder / "wnids.txt").write_text("\n".join(NAMES) + "\n")
    return folder


def _arrays(split: Split) -> list[np.ndarray]:
    return [np.array(array) for array in (split.images, split.labels, split.boxes)]


@pytest.mark.parametrize("name", ["train", "val"])
def test_the_official_layout_by_hand(official: Path, tmp_path: Path, name: str) -> None:
    found = load(official, name, tmp_path / "cache")
    rows = sorted(_rows(name), key=lambda row: str(row["file"]))
    assert len(found) == 12
    assert (found.images.dtype, found.labels.dtype, found.boxes.dtype) == (np.uint8, np.int64, np.float32)
    for index, row in enumerate(rows):
        with Image.open(io.BytesIO(bytes(row["jpeg"]))) as picture:  # type: ignore[call-overload]
            assert np.array_equal(found.images[index], np.asarray(picture.convert("RGB")).transpose(2, 0, 1))
        assert found.labels[index] == sorted(NAMES).index(str(row["wnid"]))
        x0, y0, x1 = (int(str(row[key])) for key in ("x0", "y0", "x1"))
        assert found.boxes[index].tolist() == [x0 / 64, y0 / 64, (x1 + 1) / 64, 1.0]


@pytest.mark.parametrize("name", ["train", "val"])
def test_both_layouts_give_the_same(official: Path, packed: Path, tmp_path: Path, name: str) -> None:
    one, other = (_arrays(load(folder, name, tmp_path / "cache")) for folder in (official, packed))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert len(np.unique(one[0].reshape(12, -1), axis=0)) == 12


def test_pictures_are_decoded_once(official: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _arrays(load(official, "train", tmp_path / "cache"))
    monkeypatch.setattr(tiny_imagenet, "_decode", lambda entry: pytest.fail("decoded again"))
    again = load(official, "train", tmp_path / "cache")
    assert all(np.array_equal(a, b) for a, b in zip(first, _arrays(again), strict=True))
    assert isinstance(again.images, np.memmap)
    assert not list((tmp_path / "cache").rglob("*.part"))
    with pytest.raises(pytest.fail.Exception, match="decoded again"):
        load(official, "train", tmp_path / "another cache")


def test_a_broken_off_decoding_starts_anew(official: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save, saved = tiny_imagenet._save, []

    def breaks(path: Path, array: np.ndarray) -> None:
        saved.append(path.name)
        if len(saved) == 2:
            raise KeyboardInterrupt
        save(path, array)

    monkeypatch.setattr(tiny_imagenet, "_save", breaks)
    with pytest.raises(KeyboardInterrupt):
        load(official, "val", tmp_path / "cache")
    assert len(load(official, "val", tmp_path / "cache")) == 12
    assert saved == ["images.npy", "labels.npy", "images.npy", "labels.npy", "boxes.npy"]


def test_a_part_is_taken_by_index(official: Path, tmp_path: Path) -> None:
    whole = load(official, "val", tmp_path / "cache")
    part = whole.take(np.array([7, 2]))
    assert len(part) == 2
    assert np.array_equal(part.images, np.stack([whole.images[7], whole.images[2]]))
    assert part.labels.tolist() == [whole.labels[7], whole.labels[2]]


def _remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


PICTURE = "train/n02/images/n02_1.JPEG"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_remove("wnids.txt"), "official has no wnids.txt."),
        (_remove(PICTURE), "n02_1.JPEG cannot be read as a JPEG picture."),
        (_write(PICTURE, _jpeg(3)[:200]), "n02_1.JPEG cannot be read as a JPEG picture."),
        (_write(PICTURE, b"words"), "n02_1.JPEG cannot be read as a JPEG picture."),
        (_write(PICTURE, _jpeg(3, side=32)), "n02_1.JPEG has 32 x 32 pixels where 64 x 64 are expected."),
        (_write("wnids.txt", b"n01\nn03\n"), "official has pictures of n02, which wnids.txt lacks."),
        (lambda folder: (folder / "train").rename(folder / "training"), "official holds no train pictures"),
        (lambda folder: [path.unlink() for path in folder.glob("train/*/*.txt")], "official lists no pictures."),
    ],
)
def test_what_is_missing_is_named(
    official: Path, tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(official)
    with pytest.raises(DataError, match=message) as caught:
        load(official, "train", tmp_path / "cache")
    assert caught.value.remedy
    assert not list((tmp_path / "cache").rglob("boxes.npy"))


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere has no wnids.txt. Give the folder of Tiny ImageNet"):
        load(tmp_path / "nowhere", "train", tmp_path / "cache")


def test_held_back_pictures_do_not_train() -> None:
    kept, held_back = hold_back(100_000)
    assert (len(kept), len(held_back)) == (95_000, 5_000)
    assert np.array_equal(np.union1d(kept, held_back), np.arange(100_000))
    again = hold_back(100_000)
    assert np.array_equal(kept, again[0]) and np.array_equal(held_back, again[1])
    other = hold_back(100_000, seed=1)
    assert 100 < len(np.intersect1d(held_back, other[1])) < 500  # 250 by chance
    assert [len(part) for part in hold_back(20, count=5)] == [15, 5]


def test_ids_are_sorted(official: Path) -> None:
    assert wnids(official) == ["n01", "n02", "n03"]
