"""The commands that make the signs weights, one after the other, on a few pictures: from nothing to weights that answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import settings
from core.cli import calibrate, evaluate
from core.cli.main import main
from core.datasets.signs import training
from core.models import cards
from core.models.weights import load_network
from core.quantization.statistics import Statistics
from core.serving.networks import Networks

NETWORK = ["--network", "squeezenet"]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Few pictures, and assets of its own without weights."""
    monkeypatch.setattr(training, "COUNTS", {"train": 140, "val": 60, "test": 120})
    monkeypatch.setattr(calibrate, "PICTURES", 16)
    monkeypatch.setattr(calibrate, "SEARCH_PICTURES", 4)
    for name in ("labels", "samples"):
        (tmp_path / name).symlink_to(settings.ASSETS / name)
    monkeypatch.setattr(settings, "ASSETS", tmp_path)
    own = Networks()  # what another test has loaded under the same name must not be met here
    monkeypatch.setattr(evaluate, "shared_networks", lambda: own)
    return cards.weights_file("squeezenet", "signs")


def test_from_nothing_to_weights_that_answer(target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "signs", *NETWORK, "--stages", "1x32", "--output", str(tmp_path)]) == 0
    checkpoint = str(tmp_path / "signs-squeezenet.pt")
    assert main(["publish", "--weights", "signs", *NETWORK, "--checkpoint", checkpoint]) == 0
    assert target.name == "signs-squeezenet.safetensors"
    card = cards.read_card(target)
    assert card["how"] == "python -m core train signs --network squeezenet --stages 1x32 --weight-decay 0.1 --seed 0"
    assert (card["recipe"]["mirror"], card["scored_on"]) == (False, "120 test crops of the Signs set, seed 0, in FP32")

    ship = ["calibrate", "--weights", "signs", *NETWORK, "--ship", "--bits", "8-8", "--budget", "0.2"]
    assert main(ship) == 0
    statistics = Statistics.load(cards.calibration_file(target))
    assert statistics.pictures == "16 training pictures of the Signs set"
    assert statistics.searched_on == "4 held-back training pictures of the Signs set"
    assert statistics.weights_sha256 == load_network("squeezenet", "signs").fingerprint

    capsys.readouterr()
    options = ["--networks", "squeezenet", "--weights", "signs", "--formats", "fp32,fixed8", "--cards", "--json"]
    assert main(["evaluate", *options]) == 0
    fp32, fixed8 = json.loads(capsys.readouterr().out)["results"]
    assert (fp32["images"], round(fp32["top1"], 2)) == (120, card["top1"])
    assert fixed8["calibrated"].startswith("greedy search over 4 held-back training pictures of the Signs set")
    assert cards.read_card(target)["formats"].keys() == {"fp32", "fixed8"}
