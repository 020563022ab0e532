from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.cli.main import main
from core.datasets import tiny_imagenet
from core.datasets.tiny_imagenet import Split
from core.models import regimes
from core.models.catalog import architecture
from core.models.files import sha256
from core.models.retrained import read
from core.serving.networks import Networks
from core.variant import Variant
from tests.weights import lively_weights


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of weights, a cache of its own, and a training split of 60 pictures of which 12 are held back."""
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (60, 3, 8, 8), dtype=np.uint8).repeat(8, 2).repeat(8, 3)
    boxes = np.tile(np.array([0.2, 0.2, 0.8, 0.8], np.float32), (60, 1))
    split = Split(images, generator.integers(0, 3, 60), boxes)
    monkeypatch.setattr(tiny_imagenet, "load", lambda folder, name, cache: split if name == "train" else None)
    monkeypatch.setattr(tiny_imagenet.hold_back, "__defaults__", (0, 12))
    return str(lively_weights(tmp_path))


def retrain(weights: str, *options: str) -> int:
    fixed = ["--network", "squeezenet", "--weights", weights, "--data", "x", "--batch", "16", "--rate", "0.001"]
    return main(["retrain", *fixed, "--format", "fixed4", *options])


def test_the_document(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert retrain(weights, "--epochs", "2", "--json", "--seed", "5") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["command"]) == (1, "retrain")
    assert document["file"] == str(regimes.target("squeezenet", weights, "fixed4"))
    assert len(document["losses"]) == 2 * 3
    record = document["record"]
    assert (record["options"]["seed"], record["options"]["rate"], record["options"]["lengths"]) == (5, 0.001, "frozen")
    before, after = document["before"], document["after"]
    assert (before["regime"], after["regime"], before["images"], after["images"]) == ("raw", "retrain", 12, 12)
    assert before["engine"] == after["engine"] == "reference"
    history, best = record["history"], record["best_epoch"]
    assert (before["top1"], after["top1"]) == pytest.approx((history[0]["top1"], history[best]["top1"]))
    assert after["top1"] > before["top1"]
    assert after["iou"] is not None
    assert Networks().executable(Variant("squeezenet", weights, "fixed4", "retrain")).retrained == after["retrained"]


def test_the_table_and_a_place_of_ones_own(weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "new" / "mine.safetensors"
    assert retrain(weights, "--epochs", "1", "--steps", "2", "--scored", "7", "--output", str(output)) == 0
    words = capsys.readouterr().out
    curve, epochs, programs, last = words.split("\n\n")
    assert [line.split()[0] for line in curve.splitlines()] == ["step", "1", "2"]
    assert [line.split()[0] for line in epochs.splitlines()] == ["epoch", "0", "1"]
    assert epochs.count("kept") == 1
    assert "reference, 7 held-back pictures" in programs
    assert [line.split()[0] for line in programs.splitlines()[1:]] == ["before", "after"]
    assert "1 epoch on Tiny ImageNet" in last and last.rstrip().endswith(str(output))
    assert read(output) is not None
    assert not regimes.target("squeezenet", weights, "fixed4").exists()


def test_a_retrained_file_answers_on_the_command_line(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In its own format, and in no other."""
    file, photo = str(tmp_path / "mine.safetensors"), tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(photo)
    assert retrain(weights, "--epochs", "1", "--output", file) == 0
    capsys.readouterr()
    options = ["classify", str(photo), "--networks", "squeezenet", "--weights", file, "--json", "--formats"]
    assert main([*options, "fixed4"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert (row["weights"], row["regime"], row["weights_sha256"]) == ("mine.safetensors", "retrain", sha256(Path(file)))
    assert row["calibrated"].endswith(", before retraining") and row["retrained"].startswith("1 epoch on Tiny ImageNet")
    assert main([*options, "fixed8"]) == 2
    assert "mine.safetensors was retrained for FIXED-4, not FIXED-8." in capsys.readouterr().err


def test_a_retrained_file_is_retrained_further(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (str(tmp_path / f"{name}.safetensors") for name in ("first", "second"))
    assert retrain(weights, "--epochs", "1", "--output", first) == 0
    assert retrain(first, "--epochs", "1", "--output", second) == 0
    record = read(Path(second))
    assert record is not None and record.parent == "first.safetensors"
    capsys.readouterr()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--format", "fixed1"], "There is no number format named 'fixed1'."),
        (["--format", "bf16"], "BF16 is not retrained."),
        (["--rate", "-1"], "A learning rate of -1 trains nothing."),
        (["--epochs", "0"], "0 is not a whole number above 0."),
        (["--lengths", "search", "--format", "int8"], "INT8 has no fractional lengths to search for."),
        (["--output", "x.pth"], "x.pth is no name for retrained weights."),
        (["--weights", "gone.safetensors"], "There is no file gone.safetensors."),
    ],
)
def test_mistakes(weights: str, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert retrain(weights, *options) == 2
    assert capsys.readouterr().err.rstrip().splitlines()[-1].startswith(f"bitlens: {sentence}")


def test_a_place_that_cannot_be_made(weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told before training, not after it."""
    (tmp_path / "file").write_text("")
    assert retrain(weights, "--output", str(tmp_path / "file" / "mine.safetensors")) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_full_networks_are_refused_for_their_classes(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(architecture("squeezenet").builder("full")().state_dict(), tmp_path / "full.pth")
    assert retrain(str(tmp_path / "full.pth")) == 2
    assert "tell other classes apart than the sets that can be trained on here." in capsys.readouterr().err
