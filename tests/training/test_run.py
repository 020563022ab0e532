from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.cli import train as command
from core.cli.main import main
from core.datasets import tiny_imagenet
from core.datasets.tiny_imagenet import Split
from core.errors import RequestError
from core.models.heads import BoxHead
from core.training import run as module
from core.training.recipe import Recipe, Stage
from core.training.run import Progress, Run, evaluate, start, train

RECIPE = Recipe(batch=32, stages=(Stage(2, 32),), seed=5)


class Tiny(nn.Module):
    """Scores of four classes and a box, with batch norm and dropout as in the shipped networks."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(8)
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Conv2d(16, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.box = BoxHead(16)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.features(x)
        return self.classifier(x), self.box(x)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _split(count: int = 256, seed: int = 0) -> Split:
    """Easy pictures: dark noise with a square whose colour is the class, at the box."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 60, (count, 3, 64, 64), dtype=np.uint8)
    labels = generator.integers(0, 4, count)
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]], np.uint8)
    corners = generator.integers(0, 28, (count, 2))
    for image, label, (x, y) in zip(images, labels, corners, strict=True):
        image[:, y : y + 36, x : x + 36] = colours[label][:, None, None]
    boxes = np.concatenate([corners, corners + 36], axis=1).astype(np.float32) / 64
    return Split(images, labels, boxes)


def _new(recipe: Recipe = RECIPE) -> Run:
    torch.manual_seed(recipe.seed)
    return start(Tiny(), recipe)


def _train(run: Run, folder: Path, steps: list[Progress] | None = None) -> Run:
    report = (lambda progress: None) if steps is None else steps.append
    return train(run, _split(), _split(64, 1), folder / "run.pt", report)


def _equal(one: Run, other: Run) -> bool:
    pairs = zip(one.network.state_dict().values(), other.network.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_the_loss_goes_down_and_the_scores_up(tmp_path: Path) -> None:
    steps: list[Progress] = []
    recipe = Recipe(batch=32, stages=(Stage(8, 32),), seed=5)
    before = evaluate(_new(recipe).network, _split(64, 1))
    run = _train(_new(recipe), tmp_path, steps)
    assert [step.step for step in steps] == list(range(1, 65))
    assert {step.steps for step in steps} == {64}
    assert [step.epoch for step in steps] == [index // 8 for index in range(64)]
    losses = [step.loss for step in steps]
    assert np.mean(losses[-8:]) < 0.7 * np.mean(losses[:8])
    assert [entry["epoch"] for entry in run.history] == list(range(1, 9))
    assert run.history[-1]["top1"] > max(60, before["top1"] + 20)
    assert run.history[-1]["top5"] == 100
    assert run.history[-1]["iou"] > before["iou"] + 0.1
    assert run.seconds > 0


def test_the_seed_decides(tmp_path: Path) -> None:
    one, again = _train(_new(), tmp_path), _train(_new(), tmp_path)
    assert _equal(one, again)
    assert one.history == again.history
    torch.manual_seed(RECIPE.seed)
    other = _train(start(Tiny(), Recipe(batch=32, stages=RECIPE.stages, seed=6)), tmp_path)
    assert not _equal(one, other)


@pytest.mark.parametrize("stop", [2, 5, 8, 11, 16])
def test_a_resumed_run_equals_an_unbroken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int) -> None:
    monkeypatch.setattr(module, "STEPS_BETWEEN_CHECKPOINTS", 4)
    unbroken = _train(_new(), tmp_path / "whole")

    def interrupt(progress: Progress) -> None:
        if progress.step == stop:
            raise KeyboardInterrupt

    checkpoint = tmp_path / "broken" / "run.pt"
    with pytest.raises(KeyboardInterrupt):
        train(_new(), _split(), _split(64, 1), checkpoint, interrupt)
    resumed = _new()
    if checkpoint.exists():
        resumed.load(checkpoint)
    assert resumed.step == (stop - 1) // 4 * 4
    _train(resumed, tmp_path / "broken")
    assert _equal(resumed, unbroken)
    assert resumed.history == unbroken.history
    assert resumed.step == unbroken.step == 16


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    _new().save(tmp_path / "run.pt")
    other = replace(RECIPE, weight_decay=0.5)
    with pytest.raises(RequestError, match="run.pt was begun with another recipe"):
        _new(other).load(tmp_path / "run.pt")
    _new().load(tmp_path / "run.pt")


def test_a_checkpoint_between_epochs_has_its_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The epoch's last step is one at which a checkpoint is due; scoring is interrupted, then the run resumed."""
    monkeypatch.setattr(module, "STEPS_BETWEEN_CHECKPOINTS", 8)
    scored: list[int] = []

    def interrupted(network: nn.Module, split: Split) -> dict[str, float]:
        scored.append(len(split))
        if len(scored) == 1:
            raise KeyboardInterrupt
        return {"top1": 0.0, "top5": 0.0, "iou": 0.0}

    monkeypatch.setattr(module, "evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _train(_new(), tmp_path)
    resumed = _new()
    if (tmp_path / "run.pt").exists():
        resumed.load(tmp_path / "run.pt")
    assert [entry["epoch"] for entry in _train(resumed, tmp_path).history] == [1, 2]


def test_a_finished_run_is_left_alone(tmp_path: Path) -> None:
    run = _train(_new(), tmp_path)
    again = _new()
    again.load(tmp_path / "run.pt")
    steps: list[Progress] = []
    _train(again, tmp_path, steps)
    assert steps == []
    assert _equal(run, again) and again.history == run.history


def test_every_picture_is_seen_once_an_epoch() -> None:
    run, split = _new(), _split(70)
    numbered = Split(split.images, np.arange(70), split.boxes)
    first = [batch.labels.tolist() for batch in module._batches(numbered, run, 0, 2)]
    assert [len(batch) for batch in first] == [32, 32]
    assert len(set(first[0] + first[1])) == 64
    assert first == [batch.labels.tolist() for batch in module._batches(numbered, run, 0, 2)]
    assert first != [batch.labels.tolist() for batch in module._batches(numbered, run, 1, 2)]
    run.step = 3
    second = [batch.labels.tolist() for batch in module._batches(numbered, run, 1, 2)]
    assert len(second) == 1


class _Fixed(nn.Module):
    """Answers given beforehand."""

    def __init__(self, scores: Tensor, boxes: Tensor) -> None:
        super().__init__()
        self.answers = (scores, boxes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.answers


def test_held_back_scores_by_hand() -> None:
    scores = torch.zeros(4, 10)
    scores[0, 7], scores[1, 0], scores[2, [1, 2, 3]] = 1, 1, torch.tensor([3.0, 2.0, 1.0])
    boxes = torch.tensor([[0.0, 0.0, 0.5, 1.0], [0.5, 1.0, 0.0, 0.0], [-1.0, 0.0, 1.0, 1.0], [0.5, 0.0, 1.0, 1.0]])
    true = np.tile(np.array([0.0, 0.0, 0.5, 1.0], np.float32), (4, 1))
    split = Split(np.zeros((4, 3, 64, 64), np.uint8), np.array([7, 7, 3, 4]), true)
    found = evaluate(_Fixed(scores, boxes), split)
    assert (found["top1"], found["top5"]) == (25.0, 75.0)  # of equal scores class 4 is fifth, class 7 is not
    assert found["iou"] == pytest.approx((1 + 1 + 0.5 + 0) / 4)


def test_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny_imagenet, "load", lambda folder, name, cache: _split(160))
    monkeypatch.setattr(tiny_imagenet.hold_back, "__defaults__", (0, 20))
    monkeypatch.setattr(command, "architecture", lambda name: type("", (), {"builder": lambda self, kind: Tiny})())
    options = ["--network", "vgg16", "--data", "x", "--output", str(tmp_path), "--stages", "1x32", "--seed", "3"]
    assert main(["train", "photos", *options]) == 0
    first = torch.load(tmp_path / "photos-vgg16.pt", weights_only=True)
    assert first["step"] == 140 // 128
    assert len(json.loads((tmp_path / "photos-vgg16.json").read_text())) == 1
    (tmp_path / "photos-vgg16.pt").unlink()
    assert main(["train", "photos", *options]) == 0
    again = torch.load(tmp_path / "photos-vgg16.pt", weights_only=True)
    assert all(torch.equal(again["network"][name], value) for name, value in first["network"].items())
