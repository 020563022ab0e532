from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RequestError
from core.settings import REPOSITORY
from core.sweeps.plan import Plan, chosen
from core.variant import Calibration
from tests.sweeps.fakes import plan

WHOLE = plan(
    networks=("vgg16", "squeezenet"),
    weights=("photos", "/somewhere/x.pth"),
    formats=("fp32", "fixed6"),
    regimes=("raw", "retrain"),
    limit=7,
    seed=3,
    calibration=Calibration("kl", False),
)


def test_a_plan_goes_through_json_and_back() -> None:
    again = Plan.from_json(WHOLE.to_json())
    assert again == WHOLE and again.fingerprint == WHOLE.fingerprint
    assert json.loads(WHOLE.to_json())["formats"] == ["fp32", "fixed6"]


def test_every_choice_changes_the_fingerprint() -> None:
    changes = (
        {},
        {"networks": ("vgg16",)},
        {"weights": ("imagenet",)},
        {"formats": ("fp32",)},
        {"data": "other"},
        {"regimes": ("raw", "retrain")},
        {"limit": 5},
        {"seed": 1},
        {"calibration": Calibration("kl")},
        {"device": "cuda"},
    )
    assert len({plan(**change).fingerprint for change in changes}) == len(changes)


def test_a_fingerprint_is_the_same_in_another_process() -> None:
    program = (
        "from core.sweeps.plan import Plan; import sys; assert 'torch' not in sys.modules; "
        "print(Plan(('squeezenet',), ('photos',), ('fp32', 'fixed8'), 'fake', limit=5).fingerprint)"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == plan(limit=5).fingerprint


def test_variants_in_the_order_of_the_table() -> None:
    found = [(one.network, one.weights_name, one.regime, one.format) for one in WHOLE.variants]
    assert found[:4] == [
        ("vgg16", "photos", "raw", "fp32"),
        ("vgg16", "photos", "raw", "fixed6"),
        ("vgg16", "photos", "retrain", "fp32"),
        ("vgg16", "photos", "retrain", "fixed6"),
    ]
    assert len(found) == len(set(found)) == 16
    assert all(one.calibration == Calibration("kl", False) for one in WHOLE.variants)


def _of(chosen: Plan) -> list[tuple[str, str]]:
    return [(one.regime, one.format) for one in chosen.variants]


def test_retrain_brings_fp32_raw_and_fine_tuned_and_leaves_other_floats_out() -> None:
    control = [("raw", "fp32"), ("retrain", "fp32")]
    assert _of(plan(formats=("fixed4",), regimes=("retrain",))) == [*control, ("retrain", "fixed4")]
    assert _of(plan(formats=("fp32",), regimes=("retrain",))) == control
    found = _of(plan(formats=("fp16", "int8"), regimes=("retrain", "raw")))
    assert found == [
        *(("retrain", "fp32"), ("retrain", "int8"), ("raw", "fp32"), ("raw", "fp16"), ("raw", "int8")),
    ]
    assert _of(plan(formats=("fp16", "int8"))) == [("raw", "fp16"), ("raw", "int8")]


def test_retrain_takes_only_the_formats_that_are_named_for_it() -> None:
    chosen = plan(formats=("fp32", "bf16", "fixed8", "int8"), regimes=("raw", "retrain"), retrained=("INT8",))
    raw = [("raw", name) for name in ("fp32", "bf16", "fixed8", "int8")]
    assert _of(chosen) == [*raw, ("retrain", "fp32"), ("retrain", "int8")]
    assert Plan.from_json(chosen.to_json()) == chosen
    assert "retrained" not in json.loads(plan().to_json())


def test_names_are_taken_once_and_as_they_are_written() -> None:
    found = plan(formats=("FP32", "fixed8", " fp32 "), networks=["vgg16", "vgg16"])
    assert found.formats == ("fp32", "fixed8") and found.networks == ("vgg16",)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"networks": ()}, "The plan names no networks."),
        ({"networks": ("resnet",)}, "There is no network named 'resnet'."),
        ({"formats": ("fixed1",)}, "There is no number format named 'fixed1'."),
        ({"regimes": ("cooked",)}, "There is no regime named 'cooked'."),
        ({"weights": ()}, "The plan names no weights."),
        ({"limit": 0}, "The limit is 0 pictures."),
        ({"retrained": ("fixed5",)}, "Not all formats to retrain are among the sweep's own."),
        ({"formats": ("fp16", "bf16"), "regimes": ("raw", "retrain")}, "None of these formats is retrained."),
    ],
)
def test_what_does_not_exist_is_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        plan(**changes)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1}', '{"schema": 1, "networks": 5}'])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="This is not the plan of a sweep"):
        Plan.from_json(text)


@given(st.integers(1, 200), st.integers(0, 250), st.integers(0, 50), st.integers(0, 5))
def test_a_smaller_sample_is_part_of_a_larger_one(total: int, limit: int, more: int, seed: int) -> None:
    small, large = chosen(total, limit, seed), chosen(total, limit + more, seed)
    assert len(small) == min(limit, total) and small == sorted(set(small))
    assert set(small) <= set(large) <= set(range(total))


def test_a_sample_is_the_same_on_every_machine() -> None:
    assert chosen(100, 8, 0) == [15, 36, 44, 46, 74, 76, 87, 99]
    assert chosen(100, 8, 1) != chosen(100, 8, 0)
    assert chosen(5, None, 0) == chosen(5, 9, 0) == [0, 1, 2, 3, 4]
