from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from core.compare import service
from core.compare.noise import decibels, layer_noise
from core.compare.records import LayerNoise
from core.compare.view import View
from core.models.weights import load_network
from core.quantization.prepare import executable
from core.serving.networks import Networks
from core.variant import Calibration, Variant

MEASURED = (nn.Conv2d, nn.Linear, nn.AdaptiveAvgPool2d)
Noises = dict[str, tuple[LayerNoise, ...]]


@pytest.fixture(scope="module")
def noises(networks: Networks, view: View, weights: str) -> Noises:
    prepared = networks.prepared("squeezenet", weights)
    x = view.tensor(prepared.loaded.preprocessing)
    names = ("fp32", "fp16", "bf16", "fixed16", "fixed8", "int8")
    return {name: layer_noise(prepared, networks.executable(_variant(weights, name)), x) for name in names}


def _variant(weights: str, name: str, calibrator: str = "mse") -> Variant:
    return Variant("squeezenet", weights, name, calibration=Calibration(calibrator, search=False))


def test_decibels_by_numpy() -> None:
    generator = np.random.default_rng(0)
    exact, noise = generator.normal(size=1000), generator.normal(size=1000) * 0.01
    expected = 10 * np.log10((exact**2).sum() / (noise**2).sum())
    assert decibels(torch.from_numpy(exact), torch.from_numpy(exact + noise)) == pytest.approx(expected)
    assert decibels(torch.tensor([100.0]), torch.tensor([99.0])) == pytest.approx(40)


def test_decibels_where_there_is_no_ratio() -> None:
    zero, one = torch.zeros(3), torch.ones(3)
    assert decibels(one, one) == math.inf
    assert decibels(zero, zero) == math.inf
    assert decibels(zero, one) == -math.inf
    assert decibels(one, torch.tensor([1.0, math.inf, 1.0])) == -math.inf
    assert decibels(one, torch.tensor([1.0, math.nan, 1.0])) == -math.inf


def test_layers_are_named_as_in_the_network(noises: Noises, weights: str) -> None:
    named = dict(load_network("squeezenet", weights).module.named_modules())
    computing = {name for name, layer in named.items() if isinstance(layer, MEASURED)}
    for found in noises.values():
        assert {layer.name for layer in found} == computing
        assert len(found) == len(computing)
        assert found[0].name == "features.0"
        assert {layer.kind for layer in found} == {"conv2d", "linear", "average_pool"}


def test_more_bits_lose_less_in_every_layer(noises: Noises) -> None:
    for narrow, wide in (("fixed8", "fixed16"), ("bf16", "fp16")):
        for low, high in zip(noises[narrow], noises[wide], strict=True):
            assert low.decibels + 10 < high.decibels < 110, high.name
    assert all(layer.decibels == math.inf for layer in noises["fp32"])


def test_the_last_layers_noise_is_that_of_the_programs_output(
    noises: Noises, networks: Networks, view: View, weights: str
) -> None:
    x = view.tensor(networks.prepared("squeezenet", weights).loaded.preprocessing)
    with torch.inference_mode():
        exact = load_network("squeezenet", weights).module(x)[0].double().numpy()
    for name in ("fixed8", "int8"):
        found = networks.executable(_variant(weights, name)).run(x)[0].numpy()
        expected = 10 * np.log10((exact**2).sum() / ((exact - found) ** 2).sum())
        last = next(layer for layer in noises[name] if layer.name == "classifier.3")
        assert last.decibels == pytest.approx(expected, abs=0.01)


def test_the_calibrator_counts(networks: Networks, view: View, weights: str, noises: Noises) -> None:
    prepared = networks.prepared("squeezenet", weights)
    x = view.tensor(prepared.loaded.preprocessing)
    wide = layer_noise(prepared, networks.executable(_variant(weights, "fixed8", "minmax")), x)
    assert [layer.decibels for layer in wide] != [layer.decibels for layer in noises["fixed8"]]


def test_a_chart_lowers_nothing_again(
    networks: Networks, view: View, weights: str, noises: Noises, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its program is the one that gave the answer. From Python, without the app's networks, the same comes out."""
    variant, prepared = _variant(weights, "fixed8"), networks.prepared("squeezenet", weights)
    x = view.tensor(prepared.loaded.preprocessing)
    alone = executable(prepared, variant.number_format, variant.calibration)
    assert layer_noise(prepared, alone, x) == noises["fixed8"]
    monkeypatch.setattr("core.serving.networks.shared_networks", lambda: networks)
    monkeypatch.setattr("core.quantization.lower.lower", lambda *_: pytest.fail("lowered again"))
    assert service._measure(view, variant) == noises["fixed8"]


@pytest.mark.parametrize("name", ["fp16", "fixed8"])
def test_the_layers_run_on_the_device_given(networks: Networks, view: View, weights: str, name: str) -> None:
    """torch's meta device computes shapes alone: nothing can be read from it, which shows that the values came from there."""
    prepared = networks.prepared("squeezenet", weights)
    x = view.tensor(prepared.loaded.preprocessing)
    with pytest.raises(NotImplementedError, match="meta"):
        layer_noise(prepared, networks.executable(_variant(weights, name)), x, "meta")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_a_gpus_layers_are_as_exact(networks: Networks, view: View, weights: str, noises: Noises) -> None:
    """FIXED-N to the last bit; FP32 within what the order of a sum may change."""
    prepared = networks.prepared("squeezenet", weights)
    x = view.tensor(prepared.loaded.preprocessing)
    for name in ("fixed8", "fixed16"):
        variant = _variant(weights, name)
        assert layer_noise(prepared, networks.executable(variant, "cuda"), x, "cuda") == noises[name]
    for layer in layer_noise(prepared, networks.executable(_variant(weights, "fp32"), "cuda"), x, "cuda"):
        assert layer.decibels > 100, layer.name
