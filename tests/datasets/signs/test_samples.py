"""Crops and scenes: the same everywhere, different where they must be, and readable."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from core.datasets.picture_set import SPLITS
from core.datasets.signs.difficulty import FIXED
from core.datasets.signs.draws import label_of
from core.datasets.signs.faces.catalogue import NAMES, SIGNS
from core.datasets.signs.factors import EDGES, Factors, group
from core.datasets.signs.samples import CROP_SIDE, SCENE_SIDE, Sample, crop, scene
from core.errors import DataError

SIDE = 40
Corners = tuple[tuple[float, float], ...]


def _digest(sample: Sample) -> str:
    return hashlib.sha256(sample.picture.tobytes() + repr(sample.signs).encode()).hexdigest()


def _digests() -> list[str]:
    crops = [_digest(crop(7, split, index)) for split in SPLITS for index in (0, 1, 63, 12_345)]
    return crops + [_digest(scene(7, split, 5)) for split in SPLITS]


def test_another_process_makes_the_same_pictures() -> None:
    code = "from tests.datasets.signs.test_samples import _digests; print(*_digests())"
    other = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.split() == _digests()


def test_a_picture_does_not_depend_on_those_before_it() -> None:
    alone = _digest(crop(3, "train", 500))
    for index in range(490, 500):
        crop(3, "train", index)
    assert _digest(crop(3, "train", 500)) == alone


def test_no_sample_is_shared() -> None:
    found = [_digest(crop(seed, split, index)) for seed in (0, 1) for split in SPLITS for index in range(40)]
    assert len(set(found)) == len(found)


def test_splits_are_independent() -> None:
    """Neither the order of the signs nor any drawn number of one split follows another's."""
    labels = {split: [label_of(0, split, index) for index in range(600)] for split in SPLITS}
    sizes = {split: [crop(0, split, index).signs[0].factors.size for index in range(150)] for split in SPLITS}
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        same = np.mean(np.array(labels[one]) == np.array(labels[other]))
        assert same < 0.05
        assert abs(np.corrcoef(sizes[one], sizes[other])[0, 1]) < 0.25


def test_every_sign_is_shown_as_often() -> None:
    counts = Counter(label_of(5, "test", index) for index in range(3 * len(SIGNS)))
    assert counts == dict.fromkeys(range(len(SIGNS)), 3)
    assert [label_of(5, "test", index) for index in range(60)] != [
        label_of(5, "test", 60 + index) for index in range(60)
    ]


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(DataError, match="'dev'.*train, val, test"):
        crop(0, "dev", 0)


@pytest.mark.parametrize("index", range(80))
def test_a_crop_holds_one_whole_sign(index: int) -> None:
    sample = crop(1, "train", index)
    (sign,) = sample.signs
    x0, y0, x1, y1 = sign.box
    assert (sample.picture.mode, sample.picture.size) == ("RGB", (CROP_SIDE, CROP_SIDE))
    assert sign.label == label_of(1, "train", index)
    assert 0 < x0 < x1 < 1 and 0 < y0 < y1 < 1
    assert max(x1 - x0, y1 - y0) * CROP_SIDE == pytest.approx(sign.factors.size)
    fine = SIGNS[sign.label].family in FIXED.fine
    assert (FIXED.fine_size if fine else FIXED.crop_size[0]) <= sign.factors.size <= FIXED.crop_size[1]


@pytest.mark.parametrize("index", range(40))
def test_a_scene_holds_one_to_six_signs_apart(index: int) -> None:
    sample = scene(1, "train", index)
    assert (sample.picture.mode, sample.picture.size) == ("RGB", (SCENE_SIDE, SCENE_SIDE))
    assert 1 <= len(sample.signs) <= 6
    boxes = [sign.box for sign in sample.signs]
    for number, (x0, y0, x1, y1) in enumerate(boxes):
        assert 0 < x0 < x1 < 1 and 0 < y0 < y1 < 1
        for u0, v0, u1, v1 in boxes[number + 1 :]:
            assert x1 < u0 or u1 < x0 or y1 < v0 or v1 < y0
    assert all(20 <= sign.factors.size <= 90.001 for sign in sample.signs)


def test_scenes_differ_in_how_many_signs_they_hold() -> None:
    assert set(Counter(len(scene(2, "val", index).signs) for index in range(60))) == {1, 2, 3, 4, 5, 6}


def test_factors_say_what_was_done() -> None:
    found = [crop(0, "val", index).signs[0].factors for index in range(300)]
    for name in EDGES:
        groups = Counter(group(name, getattr(one, name)) for one in found)
        assert all(groups[number] >= 20 for number in range(3)), (name, groups)
    assert set(EDGES) == {field.name for field in fields(Factors)} == set(found[0].as_dict())
    assert group("size", 30) == 1 and group("occlusion", 0.0) == 0 and group("quality", 90) == 2


def _coefficients(corners: Corners) -> list[float]:
    """Pillow's eight numbers that bring a face's corners to those of a square, from four pairs of points."""
    rows, values = [], []
    for (x, y), (u, v) in zip(((0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)), corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return list(np.linalg.solve(np.array(rows, float), np.array(values)))


def _upright(sample: Sample, number: int = 0) -> np.ndarray:
    """The face as seen from the front: float [40, 40, 3]."""
    corners = tuple((x * sample.picture.width, y * sample.picture.width) for x, y in sample.signs[number].corners)
    method, smooth = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
    return np.asarray(sample.picture.transform((SIDE, SIDE), method, _coefficients(corners), smooth), float)


def _read(seen: np.ndarray, known: np.ndarray) -> int:
    """The face that correlates best with what is seen, over the pixels where that face is opaque."""
    scores = []
    for face in known:
        opaque = face[..., 3] > 200
        one, other = face[opaque][:, :3], seen[opaque]
        one, other = one - one.mean(axis=0), other - other.mean(axis=0)
        scores.append((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))
    return int(np.argmax(scores))


@pytest.fixture(scope="module")
def known() -> np.ndarray:
    small = [sign.draw().image.resize((SIDE, SIDE), Image.Resampling.BOX) for sign in SIGNS]
    return np.stack([np.asarray(image, float) for image in small])


def test_the_label_can_be_read_off_the_pixels(known: np.ndarray) -> None:
    """Straightened and laid over all faces, a crop is most like the face that its label says: nothing has destroyed it."""
    samples = [crop(9, "test", index) for index in range(180)]
    right = [_read(_upright(sample), known) == sample.signs[0].label for sample in samples]
    assert np.mean(right) > 0.98


def test_the_labels_of_a_scene_can_be_read_off_its_pixels(known: np.ndarray) -> None:
    right = []
    for sample in (scene(9, "test", index) for index in range(40)):
        right += [_read(_upright(sample, number), known) == sign.label for number, sign in enumerate(sample.signs)]
    assert len(right) > 100
    assert np.mean(right) > 0.97


def test_five_hundred_crops_a_second_on_two_cores() -> None:
    crop(0, "train", 0)
    for label in range(len(NAMES)):
        crop(0, "train", label)
    began = time.thread_time()
    for index in range(100):
        crop(0, "train", index)
    assert (time.thread_time() - began) / 100 < 0.004
