from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core import settings
from core.cli import evaluate as module
from core.cli.main import main
from core.datasets import tiny_imagenet
from core.datasets.tiny_imagenet import Split
from core.models import cards
from core.models.catalog import architecture
from core.models.fit import fit
from core.models.weights import load_network
from core.serving.networks import Networks
from tests.weights import lively_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(lively_weights(tmp_path_factory.mktemp("weights")))


@pytest.fixture
def split(monkeypatch: pytest.MonkeyPatch, weights: str) -> Split:
    """Twelve pictures. The first six carry the network's own first answer, the next three its third, the rest its last."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (12, 3, 4, 4), dtype=np.uint8).repeat(16, 2).repeat(16, 3)
    x = torch.from_numpy((images.astype(np.float32) - 128) / 64)
    with torch.inference_mode():
        order = load_network("squeezenet", weights).module(x)[0].argsort(dim=1, descending=True).numpy()
    labels = np.concatenate([order[:6, 0], order[6:9, 2], order[9:, -1]])
    found = Split(images, labels, np.tile(np.array([0.2, 0.2, 0.8, 0.8], np.float32), (12, 1)))
    monkeypatch.setattr(tiny_imagenet, "load", lambda folder, name, cache: found if name == "val" else None)
    monkeypatch.setattr(module, "BATCH", 5)
    own = Networks()  # what another test has loaded under the same name must not be met here
    monkeypatch.setattr(module, "shared_networks", lambda: own)
    return found


def _run(weights: str, *options: str) -> int:
    arguments = ["--networks", "squeezenet", "--weights", weights, "--formats", "fp32,fixed16", "--data", "x"]
    return main(["evaluate", *arguments, *options])


@pytest.mark.usefixtures("split")
def test_the_document_and_the_file(weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(weights, "--json", "--output", str(tmp_path / "out" / "rows.json")) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["command"]) == (1, "evaluate")
    assert document["environment"]["device"] == "cpu"
    fp32, fixed16 = document["results"]
    assert (fp32["format"], fp32["arithmetic"], fp32["images"]) == ("fp32", "native", 12)
    assert (fp32["top1"], fp32["top5"]) == (50.0, 75.0)
    assert 0 < fp32["iou"] < 1
    assert (fixed16["format"], fixed16["arithmetic"]) == ("fixed16", "emulated")
    assert fixed16["iou"] == pytest.approx(fp32["iou"], abs=0.02)
    assert json.loads((tmp_path / "out" / "rows.json").read_text()) == document


@pytest.mark.usefixtures("split")
def test_the_table_and_the_limit(weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(weights, "--limit", "8") == 0
    heading, fp32, fixed16 = capsys.readouterr().out.splitlines()
    assert heading.split() == ["network", "format", "Top-1", "%", "Top-5", "%", "box", "IoU", "engine,", "arithmetic"]
    assert fp32.split()[:4] == ["squeezenet", "fp32", "75.00", "100.00"]
    assert fixed16.endswith("reference, emulated")


@pytest.mark.usefixtures("split")
def test_figures_go_into_the_cards(weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "labels").symlink_to(settings.ASSETS / "labels")
    monkeypatch.setattr(settings, "ASSETS", tmp_path)
    target = cards.weights_file("squeezenet", "photos")
    target.write_bytes(Path(weights).read_bytes())
    loaded = load_network("squeezenet", weights)
    card = cards.new_card("photos", fit("x", loaded.module.state_dict()), loaded.module, "as noted", "a test")
    cards.write_card(target, card | {"sha256": loaded.fingerprint, "formats": {"int8": {"top1": 1.0}}})
    assert _run("photos", "--cards") == 0
    formats = cards.read_card(target)["formats"]
    assert formats.keys() == {"int8", "fp32", "fixed16"}
    assert (formats["fp32"]["top1"], formats["fp32"]["top5"], formats["fp32"]["images"]) == (50.0, 75.0, 12)
    assert formats["fixed16"]["calibrated"].startswith("least squared error over")


@pytest.mark.usefixtures("split")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--cards"], "--cards writes the cards of weights that ship: photos or signs."),
        (["--weights", "photos", "--cards", "--limit", "5"], "The cards state scores over all pictures."),
        (["--threads", "0"], "0 is not a whole number above 0."),
        (["--limit", "0"], "0 is not a whole number above 0."),
        (["--limit", "-5"], "-5 is not a whole number above 0."),
        (["--formats", "fixed1"], "There is no number format named 'fixed1'."),
    ],
)
def test_mistakes(options: list[str], sentence: str, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(weights, *options) == 2
    assert capsys.readouterr().err.startswith(f"bitlens: {sentence}")


@pytest.mark.usefixtures("split")
def test_weights_of_other_classes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(architecture("squeezenet").builder("full")().state_dict(), tmp_path / "full.pth")
    assert _run(str(tmp_path / "full.pth")) == 2
    assert "tells other classes apart than the sets here have." in capsys.readouterr().err


def test_a_folder_without_the_data(weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(weights, "--data", str(tmp_path), "--json") == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["kind"], error["message"]) == ("data", f"{tmp_path} has no wnids.txt.")
