from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import settings
from core.cli import calibrate
from core.cli.main import main
from core.datasets import tiny_imagenet
from core.datasets.tiny_imagenet import Split
from core.formats import number_format
from core.models import cards
from core.models.weights import load_network
from core.quantization.calibration import statistics_for
from core.quantization.graph import fold, trace
from core.quantization.groups import scale_groups
from core.quantization.prepare import prepare, quantizers
from core.quantization.statistics import Statistics
from core.variant import Calibration
from tests.weights import lively_weights


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of weights, a cache of its own and two pictures to calibrate on."""
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mine").mkdir()
    for index in range(2):
        pixels = np.random.default_rng(index).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "mine" / f"{index}.png")
    monkeypatch.setenv("BITLENS_CALIBRATION", str(tmp_path / "mine"))
    return str(lively_weights(tmp_path))


def test_a_search_for_ones_own_weights(weights: str, tmp_path: Path) -> None:
    progress = tmp_path / "progress"
    options = ["--weights", weights, "--format", "fixed8", "--budget", "60", "--progress", str(progress)]
    assert main(["calibrate", "--network", "squeezenet", *options]) == 0
    assert float(progress.read_text()) == 1.0
    loaded = load_network("squeezenet", weights)
    prepared = prepare(loaded, statistics_for)
    lengths, words, preliminary = quantizers(prepared, number_format("fixed8"), Calibration())
    assert (words, preliminary) == ("greedy search over 2 pictures of mine", False)
    assert lengths.weights.keys() == {node.name for node in prepared.graph.weighted}


def test_what_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Histograms from training pictures, lengths from held-back ones, for every width asked for."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(settings, "ASSETS", tmp_path)
    loaded = load_network("squeezenet", str(lively_weights(tmp_path)))
    monkeypatch.setattr(calibrate, "load_network", lambda network, weights: loaded)
    monkeypatch.setattr(calibrate, "PICTURES", 12)
    monkeypatch.setattr(calibrate, "SEARCH_PICTURES", 4)
    images = np.random.default_rng(0).integers(0, 256, (40, 3, 64, 64), dtype=np.uint8)
    split = Split(images, np.zeros(40, np.int64), np.zeros((40, 4), np.float32))
    monkeypatch.setattr(tiny_imagenet, "load", lambda folder, name, cache: split if name == "train" else None)
    monkeypatch.setattr(tiny_imagenet.hold_back, "__defaults__", (0, 10))
    options = ["--data", str(tmp_path), "--bits", "11-13", "--budget", "0.2"]
    assert main(["calibrate", "--network", "squeezenet", *options]) == 0
    found = Statistics.load(cards.calibration_file(cards.weights_file("squeezenet", "photos")))
    graph = trace(fold(loaded.module), 64)
    assert found.ranges.keys() == set(scale_groups(graph).values())
    assert found.lengths.keys() == {11, 12, 13}
    assert found.weights_sha256 == loaded.fingerprint
    assert found.pictures == "12 training pictures of Tiny ImageNet"
    assert found.searched_on == "4 held-back training pictures of Tiny ImageNet"
    entry = found.ranges[graph.nodes[0].name]
    assert entry.counts.sum() + entry.zeros == 12 * 3 * 64 * 64


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--format", "int8"], "INT8 has no fractional lengths to search for."),
        (["--format", "fixed1"], "There is no number format named 'fixed1'."),
        (["--data", "x", "--weights", "imagenet"], "--ship and --data calibrate weights that ship: photos or signs."),
        (["--ship"], "Nothing says where Tiny ImageNet is."),
        (["--threads", "-1"], "-1 is not a whole number above 0."),
        (["--format", "fixed8"], "The photos weights of squeezenet come with the lengths of FIXED-8."),
        (["--bits", "8"], "8 is no range of widths."),
        (["--bits", "16-2"], "16-2 is no range of widths."),
        (["--bits", "1-8"], "1-8 is no range of widths."),
        (["--weights", "gone.pth"], "There is no file gone.pth."),
    ],
)
def test_mistakes(options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--network", "squeezenet", *options]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"bitlens: {sentence}")  # after a bar, if one began


def test_every_width_by_default() -> None:
    parser = argparse.ArgumentParser()
    calibrate.configure(parser)
    network = ["--network", "squeezenet"]
    assert list(parser.parse_args(network).bits) == list(range(2, 17))
    assert list(parser.parse_args([*network, "--bits", "8-8"]).bits) == [8]
