from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from core import settings
from core.cli.main import main
from core.datasets.tiny_imagenet import Split
from core.environment import commit
from core.errors import WeightsError
from core.models.catalog import architecture
from core.models.labels import synsets
from core.models.weights import WEIGHTS, load_network
from core.training import publish, run
from core.training.recipe import Recipe, Stage
from core.training.source import Scored
from core.training.sources import SOURCES

RECIPE = Recipe(stages=(Stage(1, 32), Stage(1, 64)), seed=3)


def _scored(groups: object = dict) -> Scored:
    return Scored(_split(), "validation pictures of a test", groups)


def _split(count: int = 40, classes: int = 200) -> Split:
    generator = np.random.default_rng(0)
    boxes = np.tile(np.array([0.25, 0.25, 0.75, 0.75], np.float32), (count, 1))
    images = generator.integers(0, 256, (count, 3, 64, 64), dtype=np.uint8)
    return Split(images, generator.integers(0, classes, count), boxes)


def _checkpoint(path: Path, kind: str) -> Path:
    """Of a SqueezeNet with random weights that claims to have been trained for two epochs."""
    torch.manual_seed(0)
    training = run.start(architecture("squeezenet").builder(kind)(), RECIPE)
    training.network.get_parameter("box.5.bias").data += torch.tensor([0.2, 0.2, 0.7, 0.7])
    training.step, training.seconds = 1480, 123.4
    training.history = [
        {"epoch": 1, "top1": 20.0, "top5": 45.0, "iou": 0.4},
        {"epoch": 2, "top1": 30.0, "top5": 55.0, "iou": 0.5},
    ]
    training.save(path)
    return path


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return _checkpoint(tmp_path / "run.pt", "compact")


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "labels").symlink_to(settings.ASSETS / "labels")
    monkeypatch.setattr(settings, "ASSETS", tmp_path / "assets")
    return tmp_path / "assets" / "weights"


def test_published_weights_are_the_checkpoints_and_load(checkpoint: Path, assets: Path) -> None:
    target = assets / "photos-squeezenet.safetensors"
    card = publish.publish("photos", "squeezenet", checkpoint, _scored(), target)
    trained = torch.load(checkpoint, weights_only=True)["network"]
    stored = load_file(target)
    assert {tensor.dtype for tensor in stored.values()} == {torch.float32}
    assert stored.keys() == {key for key in trained if not key.endswith("num_batches_tracked")}
    assert all(torch.equal(tensor, trained[key]) for key, tensor in stored.items())
    loaded = load_network("squeezenet", "photos")
    assert card == loaded.card == json.loads(target.with_suffix(".json").read_text())
    assert card["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()


def test_the_card_says_what_how_and_how_good(checkpoint: Path, tmp_path: Path) -> None:
    card = publish.publish("photos", "squeezenet", checkpoint, _scored(), tmp_path / "out.safetensors")
    network = architecture("squeezenet").builder("compact")()
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["network"])
    scores = run.evaluate(network, _split())
    assert 0 < scores["iou"] < 1
    assert (card["top1"], card["top5"]) == (round(scores["top1"], 2), round(scores["top5"], 2))
    assert card["iou"] == pytest.approx(scores["iou"], abs=1e-4)
    assert (card["epochs"], card["seconds"], card["classes"]) == (2, 123, 200)
    assert card["parameters"] == sum(parameter.numel() for parameter in network.parameters())
    assert card["how"].endswith("--network squeezenet --stages 1x32,1x64 --weight-decay 0.1 --seed 3 --data FOLDER")
    assert card["recipe"]["peak_rate"] == RECIPE.peak_rate
    assert card["commit"] == commit()
    assert card["held_back"]["top5"] == 55.0
    assert card["scored_on"] == "40 validation pictures of a test, in FP32"
    assert "factors" not in card
    assert "non-commercial research and education" in card["licence"]
    assert card["libraries"]["torch"] == torch.__version__.partition("+")[0]


def test_what_cannot_be_published(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.safetensors"
    with pytest.raises(WeightsError, match="holds SqueezeNet .*, not VGG-16 for 64 x 64"):
        publish.publish("photos", "vgg16", checkpoint, _scored(), target)
    torch.save({"a": torch.ones(1)}, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="other.pt is not a training's checkpoint"):
        publish.publish("photos", "squeezenet", tmp_path / "other.pt", _scored(), target)
    with pytest.raises(WeightsError, match=r"200 classes, not SqueezeNet .* 60 classes.*Give a file of SqueezeNet for"):
        publish.publish("signs", "squeezenet", checkpoint, _scored(), target)
    monkeypatch.setitem(SOURCES, "photos", dataclasses.replace(SOURCES["photos"], limit_bytes=1_000_000))
    with pytest.raises(WeightsError, match=r"comes to 3.\d MB; at most 1 MB"):
        publish.publish("photos", "squeezenet", checkpoint, _scored(), target)
    assert not target.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.pt", "run.pt"]


def test_statistics_of_the_weights_before_are_removed(checkpoint: Path, tmp_path: Path) -> None:
    """Published again, the same weights keep theirs: an hour of searching."""
    target = tmp_path / "out.safetensors"
    statistics = tmp_path / "out.calibration.json"
    target.write_bytes(b"other weights")
    statistics.write_text("theirs")
    publish.publish("photos", "squeezenet", checkpoint, _scored(), target)
    assert not statistics.exists()
    statistics.write_text("of these")
    publish.publish("photos", "squeezenet", checkpoint, _scored(), target)
    assert statistics.read_text() == "of these"


@pytest.mark.parametrize("weights", list(SOURCES))
@pytest.mark.parametrize("network", ["vgg16", "googlenet", "squeezenet"])
def test_each_network_fits_what_may_ship(network: str, weights: str, tmp_path: Path) -> None:
    state, limit = architecture(network).builder(WEIGHTS[weights].kind)().state_dict(), SOURCES[weights].limit_bytes
    publish._save(state, tmp_path / "x.safetensors", limit)
    assert 0.2 * limit < (tmp_path / "x.safetensors").stat().st_size <= limit


def test_a_set_with_factors_has_its_accuracy_by_each_in_the_card(tmp_path: Path) -> None:
    """All pictures of even number are large, none is gone: a group without pictures has no accuracy."""
    checkpoint, even = _checkpoint(tmp_path / "run.pt", "small"), np.arange(60) % 2 == 0
    groups = {"size": {"small": ~even, "large": even, "gone": even & ~even}}
    scored = Scored(_split(60, 60), "test crops", lambda: groups)
    card = publish.publish("signs", "squeezenet", checkpoint, scored, tmp_path / "out.safetensors")
    network = architecture("squeezenet").builder("small")()
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["network"])
    large = run.evaluate(network, scored.pictures.take(np.flatnonzero(even)))["top1"]
    assert card["factors"]["size"]["large"] == {"pictures": 30, "top1": round(large, 2)}
    assert card["factors"]["size"].keys() == {"small", "large"}
    mean = sum(one["top1"] for one in card["factors"]["size"].values()) / 2
    assert mean == pytest.approx(card["top1"], abs=0.01)
    assert card["how"].startswith("python -m core train signs --network squeezenet --stages 1x32,1x64")
    assert "FOLDER" not in card["how"]
    assert (card["weights"], card["labels"], card["classes"]) == ("signs", "signs", 60)


def test_on_the_command_line(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data"
    (folder / "val" / "images").mkdir(parents=True)
    (folder / "wnids.txt").write_text("\n".join(synsets("photos")))
    rows = []
    for index, picture in enumerate(_split(4).images):
        encoded = io.BytesIO()
        Image.fromarray(picture.transpose(1, 2, 0)).save(encoded, "JPEG")
        (folder / "val" / "images" / f"val_{index}.JPEG").write_bytes(encoded.getvalue())
        rows.append(f"val_{index}.JPEG\t{synsets('photos')[index]}\t0\t0\t63\t63")
    (folder / "val" / "val_annotations.txt").write_text("\n".join(rows))
    target = tmp_path / "out.safetensors"
    options = {"--network": "squeezenet", "--checkpoint": checkpoint, "--data": folder, "--output": target}
    code = main(["publish", *(str(word) for pair in options.items() for word in pair)])
    assert code == 0
    assert "3.4 MB after 2 epochs" in capsys.readouterr().out
    assert json.loads(target.with_suffix(".json").read_text())["scored_on"].startswith("4 validation pictures")
