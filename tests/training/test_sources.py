from __future__ import annotations

import numpy as np
import pytest

from core.cli.main import main
from core.datasets.signs import training
from core.datasets.signs.factors import EDGES
from core.datasets.signs.samples import crop
from core.models.kinds import KINDS
from core.models.weights import WEIGHTS
from core.training import signs
from core.training.sources import SOURCES


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "COUNTS", {"train": 130, "val": 70, "test": 90})


def test_each_set_that_ships_has_a_source() -> None:
    assert SOURCES.keys() == {name for name, entry in WEIGHTS.items() if not entry.published}
    assert [KINDS[WEIGHTS[name].kind].labels for name in SOURCES] == list(SOURCES)


@pytest.mark.usefixtures("few")
def test_the_signs_are_drawn_once_and_held_back_by_split(monkeypatch: pytest.MonkeyPatch) -> None:
    data = SOURCES["signs"].training(None)
    assert (data.labels, data.mirrored) == ("signs", False)
    assert not SOURCES["signs"].recipe.mirror
    for part, split, count in ((data.train, "train", 130), (data.held_back, "val", 70)):
        sample = crop(training.SEED, split, count - 1)
        last = part.take(np.array([count - 1]))
        assert len(part) == count
        assert np.array_equal(last.images[0].transpose(1, 2, 0), np.asarray(sample.picture))
        assert last.labels[0] == sample.signs[0].label
        assert last.boxes is not None
        assert last.boxes[0].tolist() == pytest.approx(sample.signs[0].box)
    monkeypatch.setattr(training, "arrays", None)
    again = SOURCES["signs"].training(None)
    assert np.array_equal(again.train.take(np.arange(9)).images, data.train.take(np.arange(9)).images)


@pytest.mark.usefixtures("few")
def test_every_test_crop_is_in_one_group_of_each_factor() -> None:
    scored = SOURCES["signs"].scored(None)
    groups = scored.groups()
    assert groups.keys() == EDGES.keys()
    for factor, members in groups.items():
        assert np.array_equal(sum(one.astype(int) for one in members.values()), np.ones(len(scored.pictures))), factor
    sizes = [crop(training.SEED, "test", index).signs[0].factors.size for index in range(90)]
    assert groups["size"]["below 27"].tolist() == [size < 27 for size in sizes]


def test_groups_are_named_by_their_edges() -> None:
    assert signs.titles("size") == ("below 27", "27 to 38", "38 and more")
    assert signs.titles("defocus") == ("none", "below 0.8", "0.8 and more")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "signs", "--data", "x"], "The Signs set is drawn, not read from a folder."),
        (["train", "photos"], "Nothing says where Tiny ImageNet is."),
        (["train", "coco"], "Argument what: invalid choice: 'coco'"),
    ],
)
def test_mistakes(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--network", "squeezenet"]) == 2
    assert capsys.readouterr().err.startswith(f"bitlens: {sentence}")
