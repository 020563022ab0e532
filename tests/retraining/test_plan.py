from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import BitlensError, RequestError, WeightsError
from core.models import regimes
from core.models.labels import labels
from core.models.weights import labels_of
from core.quantization.options import Options, budget
from core.retraining.plan import RetrainPlan, plan_of
from core.variant import Calibration
from tests.datasets.files import picture, write_files
from tests.retrained import retrained_weights
from tests.weights import lively_weights, random_weights

PLAN = RetrainPlan(
    "squeezenet",
    "signs",
    "fixed4",
    "signs",
    Options(steps=5, calibration=Calibration("kl", False)),
    "/x.safetensors",
    7,
)


def test_a_plan_goes_through_json_and_back() -> None:
    assert RetrainPlan.from_json(PLAN.to_json()) == PLAN


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 1}', PLAN.to_json().replace('"schema": 1', '"schema": 2')])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="This is not the plan of a retraining"):
        RetrainPlan.from_json(text)


def test_what_is_not_named_is_the_weights_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path))
    found = plan_of("squeezenet", "signs", "FIXED4")
    assert (found.data, found.format, found.options) == ("signs", "fixed4", budget("signs"))
    assert found.target == str(regimes.target("squeezenet", "signs", "fixed4"))
    assert (found.before.regime, found.after.regime, found.title) == ("raw", "retrain", "SqueezeNet FIXED-4")
    assert json.loads(found.to_json())["options"]["steps"] == budget("signs").steps


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"format": "fp16"}, "FP16 is not retrained."),
        ({"format": "int8", "options": Options(lengths="search")}, "INT8 has no fractional lengths to search for."),
        ({"data": "nowhere"}, "There is no data set at 'nowhere'."),
        ({"target": Path("x.pth")}, "x.pth is no name for retrained weights."),
        ({"weights": "photos"}, "Nothing says where Tiny ImageNet is."),
    ],
)
def test_what_is_wrong_is_said_before_any_work(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(BitlensError, match=sentence):
        plan_of(**{"network": "squeezenet", "weights": "signs", "format": "fixed4"} | options)


def test_a_retrained_file_is_a_parent_for_its_own_format_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is said before there is a job, with a remedy that is not the very same command."""
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    weights = lively_weights(tmp_path)
    file = str(retrained_weights("squeezenet", str(weights), "int8"))
    files = {f"{labels('photos')[number % 2]}/{number}.png": picture(number) for number in range(40)}
    folder = str(write_files(tmp_path / "set", files))
    with pytest.raises(WeightsError, match="was retrained for INT8, and cannot be retrained for FIXED-8") as caught:
        plan_of("squeezenet", file, "fixed8", data=folder)
    assert caught.value.remedy == (
        "Retrain it for INT8, or name the weights that it was retrained from: lively-0.safetensors."
    )
    with pytest.raises(WeightsError, match="holds SqueezeNet, not VGG-16"):
        plan_of("vgg16", file, "int8", data=folder)
    further = plan_of("squeezenet", file, "int8", data=folder)
    assert (further.before.regime, further.has_control) == ("retrain", False)
    assert plan_of("squeezenet", str(weights), "int8", data=folder).has_control


def test_what_is_retrained_is_not_overwritten(tmp_path: Path) -> None:
    weights = random_weights("squeezenet", tmp_path)
    with pytest.raises(RequestError, match="would be overwritten"):
        plan_of("squeezenet", str(weights), "fixed4", data=str(tmp_path), target=weights)


def test_labels_without_loading_a_network(tmp_path: Path) -> None:
    assert [labels_of(name) for name in ("photos", "signs", "imagenet")] == ["photos", "signs", "imagenet"]
    assert labels_of(str(random_weights("squeezenet", tmp_path))) == "photos"
