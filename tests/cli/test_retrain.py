from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.cli import retrain as module
from core.cli.main import main
from core.errors import Cancelled
from core.jobs.store import shared_jobs
from core.models import regimes
from core.models.catalog import architecture
from core.models.files import sha256
from core.models.labels import labels
from core.models.regimes import UNCONTROLLED
from core.models.retrained import read
from core.quantization.retrain import Progress
from core.retraining.store import RetrainStore
from core.serving.networks import Networks
from core.training import material
from core.variant import Variant
from tests.weights import lively_weights


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def noise(folder: Path, count: int, seed: int) -> None:
    """Coarse noise in folders of three of the network's classes."""
    generator = np.random.default_rng(seed)
    for number in range(count):
        place = folder / labels("photos")[number % 3] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(pixels).save(place)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of weights, and a cache in which their calibration statistics are, for they take seconds."""
    folder = tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITLENS_CACHE", str(folder / "cache"))
        Networks().prepared("squeezenet", str(lively_weights(folder))).statistics()
    return folder


@pytest.fixture
def weights(tmp_path: Path, measured: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A file of weights, a cache of its own, and a set: 48 pictures that train, 12 others that choose, and 9 that score."""
    shutil.copytree(measured / "cache", tmp_path / "cache")
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(material, "DRAWN", 6)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    for split, count, seed in (("train", 48, 0), ("val", 12, 1), ("test", 9, 2)):
        noise(tmp_path / "noise" / split, count, seed)
    shared_jobs.cache_clear()
    yield str(measured / "lively-0.safetensors")
    shared_jobs.cache_clear()


def retrain(weights: str, *options: str) -> int:
    fixed = ["--network", "squeezenet", "--weights", weights, "--data", "noise", "--batch", "16", "--rate", "0.001"]
    return main(["retrain", *fixed, "--format", "fixed4", *options])


def top1(variant: Variant, folder: Path) -> float:
    """Of the program that the variant runs, picture by picture."""
    networks, right = Networks(), []
    for path in sorted(folder.glob("*/*.png")):
        pixels = np.asarray(Image.open(path), np.uint8).transpose(2, 0, 1)[None]
        x = networks.of(variant).loaded.preprocessing.normalise(pixels)
        answer = int(networks.executable(variant).run(x)[0].argmax())
        right.append(labels("photos")[answer] == path.parent.name)
    return 100 * float(np.mean(right))


def test_the_document(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert retrain(weights, "--epochs", "2", "--json", "--seed", "5") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["command"]) == (1, "retrain")
    assert document["file"] == str(regimes.target("squeezenet", weights, "fixed4"))
    assert len(document["losses"]) == 2 * 3
    record = document["record"]
    assert (record["options"]["seed"], record["options"]["rate"], record["options"]["lengths"]) == (5, 0.001, "frozen")
    before, after = document["before"], document["after"]
    assert (before["regime"], after["regime"], before["images"], after["images"]) == ("raw", "retrain", 9, 9)
    assert before["engine"] == after["engine"] == "reference"
    for found, regime in ((before, "raw"), (after, "retrain")):
        assert found["top1"] == pytest.approx(
            top1(Variant("squeezenet", weights, "fixed4", regime), Path("noise/test"))
        )
    assert after["top1"] > before["top1"]
    assert after["iou"] is None and document["scored_on"] == "pictures of noise (test)"
    assert shared_jobs().get(document["job"]).state == "done"
    assert Networks().executable(Variant("squeezenet", weights, "fixed4", "retrain")).retrained == after["retrained"]


def test_the_table_and_a_place_of_ones_own(weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "new" / "mine.safetensors"
    assert retrain(weights, "--epochs", "1", "--steps", "2", "--scored", "7", "--output", str(output)) == 0
    words = capsys.readouterr().out
    curve, epochs, programs, last = words.split("\n\n")
    assert [line.split()[0] for line in curve.splitlines()] == ["step", "1", "2"]
    assert [line.split()[0] for line in epochs.splitlines()] == ["epoch", "0", "1"]
    assert epochs.count("kept") == 1
    assert "reference, 7 pictures of noise (test)" in programs
    assert [line.split()[0] for line in programs.splitlines()[1:]] == ["before", "after"]
    assert (
        "1 epoch on noise (train)" in last and UNCONTROLLED in last.splitlines() and last.rstrip().endswith(str(output))
    )
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
    assert row["calibrated"].endswith(", before retraining") and row["retrained"].startswith("1 epoch on noise (train)")
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
    assert shared_jobs().jobs() == []


def test_a_place_that_cannot_be_made(weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told before training, not after it."""
    (tmp_path / "file").write_text("")
    assert retrain(weights, "--output", str(tmp_path / "file" / "mine.safetensors")) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_a_set_of_other_classes_begins_no_job(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert retrain(weights, "--data", "signs:20") == 2
    assert "None of the set's 60 classes is one that the network tells apart" in capsys.readouterr().err
    assert shared_jobs().jobs() == []


def test_a_job_that_was_done_is_shown_again(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert retrain(weights, "--epochs", "1", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    file = Path(document["file"])
    written = file.stat().st_mtime_ns
    assert main(["retrain", "--resume", document["job"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == document and file.stat().st_mtime_ns == written


def test_a_cancelled_job_begins_again_and_comes_out_the_same(
    weights: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert retrain(weights, "--epochs", "1", "--json") == 0
    whole = json.loads(capsys.readouterr().out)
    show = module._Bar.show

    def stop(self: Any, progress: Progress) -> None:
        show(self, progress)
        if progress.step == 2:
            raise Cancelled("The job was cancelled.", "Begin it again.")

    monkeypatch.setattr(module._Bar, "show", stop)
    assert retrain(weights, "--epochs", "1", "--output", "other.safetensors") == 2
    (job, _) = shared_jobs().jobs()
    assert job.state == "cancelled" and not Path("other.safetensors").exists()
    assert RetrainStore(shared_jobs(), job.id).result() is None
    monkeypatch.setattr(module._Bar, "show", show)
    capsys.readouterr()
    assert main(["retrain", "--resume", job.id, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["losses"], again["before"]) == (whole["losses"], whole["before"])
    assert again["after"]["top1"] == whole["after"]["top1"]
    assert sha256(Path("other.safetensors")) == sha256(Path(whole["file"]))


def test_another_kind_of_job_is_no_retraining(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    job = shared_jobs().add("sweep", "{}")
    assert main(["retrain", "--resume", job.id]) == 2
    assert f"The job {job.id} is not a retraining but a sweep." in capsys.readouterr().err


def test_what_is_left_out_is_said(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    noise(Path("noise/train"), 3, 5)
    Path("noise/train/a lamp").mkdir()
    Path("noise/train/goldfish/0.png").write_bytes(b"no picture")
    Image.new("RGB", (64, 64)).save("noise/train/a lamp/0.png")
    assert retrain(weights, "--epochs", "1", "--json") == 0
    said = capsys.readouterr()
    notes = json.loads(said.out)["notes"]
    assert any("1 picture left out, of classes that the network does not know: a lamp." in note for note in notes)
    assert any("goldfish/0.png" in note for note in notes)
    assert all(f"bitlens: {note}" in said.err for note in notes)


def test_without_data_the_weights_own_are_taken_or_asked_for(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["retrain", "--network", "squeezenet", "--format", "fixed4", "--weights"]
    torch.save(architecture("squeezenet").builder("full")().state_dict(), tmp_path / "full.pth")
    for name, sentence in (("photos", "where Tiny ImageNet is"), ("full.pth", "where pictures to retrain on are")):
        assert main([*options, name]) == 2
        assert f"Nothing says {sentence}." in capsys.readouterr().err
    small = ["--steps", "2", "--batch", "4", "--epochs", "1", "--scored", "5", "--json"]
    assert main([*options, "signs", *small]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["record"]["data"] == "Signs (8 of split train, seed 0)"
    assert (document["scored_on"], document["after"]["images"]) == ("test crops of Signs, seed 0", 5)
    assert document["after"]["iou"] is not None
