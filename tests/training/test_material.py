"""The three splits of any labelled set as what RE-TRAIN learns from, chooses by and is judged by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets import tiny_imagenet, tiny_set
from core.datasets.signs.signs_set import arrays
from core.datasets.tiny_imagenet import Split
from core.errors import BitlensError, DataError, RequestError
from core.models.labels import labels
from core.models.preprocessing import COMPACT, FULL
from core.training import material
from core.training.material import Wanted, check, named, own_set, scored, training
from tests.datasets.files import picture, write_files

PHOTOS, SIGNS = Wanted("photos", COMPACT), Wanted("signs", COMPACT)
GOLDFISH, FROG = labels("photos")[0], labels("photos")[3]


def silent(words: str, share: float) -> None:
    pass


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Goldfish and frogs of many sizes in three splits, a lamp that no network knows, and a file that is no picture."""
    files: dict[str, bytes] = {}
    for begin, split in ((0, "train"), (100, "val"), (200, "test")):
        for number in range(6):
            name = (FROG, GOLDFISH)[number % 2]
            files[f"{split}/{name}/{number}.png"] = picture(begin + number, 64 + begin // 100 + number)
    files |= {"train/a lamp/0.png": picture(9), f"train/{FROG}/bad.png": b"no picture"}
    return write_files(tmp_path / "pets", files)


def test_each_split_has_its_part_and_the_networks_labels(pets: Path) -> None:
    data, judged = training(str(pets), PHOTOS, None, 0, silent), scored(str(pets), PHOTOS, None, silent)
    assert (len(data.train), len(data.held_back), len(judged.pictures)) == (6, 6, 6)
    assert data.train.take(np.arange(6)).labels.tolist() == [0, 0, 0, 3, 3, 3]
    assert data.mirrored and data.title == "pets (train)" and judged.words == "pictures of pets (test)"
    assert any("1 picture left out, of classes that the network does not know: a lamp." in note for note in data.notes)
    assert any("bad.png" in note for note in data.notes)
    assert judged.notes == ()


def test_pictures_are_cut_as_the_network_sees_them(pets: Path) -> None:
    """Against Pillow itself: the largest square, of which the middle 224/256, brought to 224 pixels."""
    batch = training(str(pets), Wanted("imagenet", FULL), None, 0, silent).held_back.take(np.arange(6))
    name = sorted((pets / "val" / FROG).iterdir())[1]
    with Image.open(name) as image:
        side = image.width
        edge = side * (1 - 224 / 256) / 2
        expected = image.resize((224, 224), Image.Resampling.BILINEAR, box=(edge, edge, side - edge, side - edge))
    assert any(np.array_equal(one, np.asarray(expected).transpose(2, 0, 1)) for one in batch.images)
    assert batch.boxes is None


def test_a_part_is_drawn_by_the_seed(pets: Path) -> None:
    one, again, other = (training(str(pets), PHOTOS, 3, seed, silent) for seed in (0, 0, 2))
    assert len(one.train) == 3 and len(one.held_back) == 6
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert len(scored(str(pets), PHOTOS, 2, silent).pictures) == 2


def test_signs_are_the_first_crops_of_their_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material, "DRAWN", 4)
    monkeypatch.setattr(material, "EVERY", 3)
    told: list[tuple[str, float]] = []
    data = training("signs", SIGNS, 7, 0, lambda *what: told.append(what))
    expected = arrays(0, "train", 7)
    found = data.train.take(np.arange(7))
    assert np.array_equal(found.images, expected.images) and np.array_equal(found.boxes, expected.boxes)
    assert np.array_equal(found.labels, expected.labels) and not data.mirrored
    assert np.array_equal(data.held_back.take(np.arange(4)).images, arrays(0, "val", 4).images)
    assert told[1] == ("drawing Signs (7 of split train, seed 0): 3 of 7 pictures", 3 / 7)
    few = training("signs:2:5", SIGNS, 7, 0, silent)
    assert np.array_equal(few.train.take(np.arange(2)).images, arrays(5, "train", 2).images) and len(few.train) == 2
    judged = scored("signs:2:5", SIGNS, 3, silent)
    assert np.array_equal(judged.pictures.take(np.arange(3)).images, arrays(5, "test", 3).images)
    assert judged.words == "test crops of Signs, seed 5"


def test_tiny_imagenet_is_not_copied_and_keeps_its_boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wnids.txt").write_text("n01443537\nn01629819\n")
    (tmp_path / "words.txt").write_text("n01443537\tgoldfish\n")
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (20, 3, 64, 64), dtype=np.uint8)
    split = Split(images, generator.integers(0, 2, 20), generator.random((20, 4), np.float32))
    monkeypatch.setattr(tiny_set, "load", lambda folder, name, cache: split)
    monkeypatch.setattr(tiny_imagenet.hold_back, "__defaults__", (0, 5))
    data = training(str(tmp_path), PHOTOS, 3, 0, silent)
    assert (data.title, len(data.train), len(data.held_back)) == ("Tiny ImageNet", 15, 5)
    kept, held_back = tiny_imagenet.hold_back(20)
    assert np.array_equal(data.train.take(np.arange(15)).boxes, split.boxes[kept])
    assert np.array_equal(data.held_back.take(np.arange(5)).labels, split.labels[held_back])
    judged = scored(str(tmp_path), PHOTOS, 8, silent)
    assert len(judged.pictures) == 8 and judged.words == "validation pictures of Tiny ImageNet"


def test_whoever_waits_can_stop_the_reading(pets: Path) -> None:
    def stop(words: str, share: float) -> None:
        raise BitlensError(words, "")

    for text, wanted in ((str(pets), PHOTOS), ("signs:3", SIGNS)):
        with pytest.raises(BitlensError, match="0 of"):
            training(text, wanted, None, 0, stop)


def test_more_than_may_be_held_is_refused(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITLENS_MAX_SET_MB", "1")
    with pytest.raises(DataError, match=r"7 pictures of pets \(train\) take 1 MB; at most 1 MB are held.") as caught:
        training(str(pets), Wanted("imagenet", FULL), None, 0, silent)
    assert "--steps" in caught.value.remedy
    assert len(training(str(pets), Wanted("imagenet", FULL), 2, 0, silent).train) == 2


def test_what_cannot_be_trained_on_is_refused_before_any_picture_is_read(tmp_path: Path, pets: Path) -> None:
    flat = write_files(tmp_path / "flat", {f"{number}.png": picture(number) for number in range(40)})
    with pytest.raises(DataError, match="is not labelled"):
        check(str(flat), "photos")
    with pytest.raises(DataError, match="None of the set's 3 classes"):
        check(str(pets), "signs")
    with pytest.raises(DataError, match="None of the set's 60 classes"):
        check("signs", "photos")
    check("signs", "signs")
    check(str(pets), "photos")


def test_the_weights_own_set() -> None:
    assert (named("", "signs"), named("pets", "photos")) == ("signs", "pets")
    with pytest.raises(RequestError, match="where Tiny ImageNet is"):
        named("", "photos")
    assert own_set("imagenet", "x", material.open_set("signs:3")) is None
    assert own_set("signs", "x", material.open_set("signs:3")) == "signs"
