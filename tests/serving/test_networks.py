from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.errors import RequestError
from core.models import regimes
from core.models.files import sha256
from core.models.preprocessing import COMPACT
from core.models.retrained import Retrained, write
from core.models.weights import LoadedNetwork
from core.quantization.graph import Graph
from core.quantization.statistics import Statistics
from core.serving import networks as module
from core.serving.networks import Networks
from core.variant import Variant
from tests.weights import lively_weights

load, collect = module.load_network, module.statistics_for


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(lively_weights(tmp_path_factory.mktemp("weights")))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is loaded from files, in order."""
    done: list[str] = []

    def load_network(network: str, weights: str) -> LoadedNetwork:
        done.append("weights")
        return load(network, weights)

    def statistics_for(loaded: LoadedNetwork, graph: Graph) -> Statistics:
        done.append("statistics")
        return collect(loaded, graph)

    monkeypatch.setattr(module, "load_network", load_network)
    monkeypatch.setattr(module, "statistics_for", statistics_for)
    return done


def test_a_network_is_loaded_once_for_all_its_formats(weights: str, calls: list[str]) -> None:
    networks = Networks()
    assert networks.executable(Variant("squeezenet", weights, "fp32")).engine == "torch"
    found = [networks.executable(Variant("squeezenet", weights, name)) for name in ("fp16", "fixed8", "int8")]
    assert calls == ["weights", "statistics"]
    again = [networks.executable(Variant("squeezenet", weights, name)) for name in ("fp16", "fixed8", "int8")]
    assert all(one is other for one, other in zip(found, again, strict=True))
    assert networks.prepared("squeezenet", weights) is networks.prepared("squeezenet", weights)
    assert calls == ["weights", "statistics"]


def test_float_formats_wait_for_no_calibration(weights: str, calls: list[str]) -> None:
    assert Networks().executable(Variant("squeezenet", weights, "bf16")).calibrated == ""
    assert calls == ["weights"]


def test_after_forgetting_the_statistics_are_read_again(weights: str, calls: list[str]) -> None:
    networks, variant = Networks(), Variant("squeezenet", weights, "fixed8")
    before = networks.executable(variant)
    assert before.preliminary
    networks.forget("vgg16", weights)
    assert networks.executable(variant) is before
    networks.forget("squeezenet", weights)
    assert networks.executable(variant) is not before
    assert calls == ["weights", "statistics"] * 2


def test_what_is_kept_fits_the_memory_allowed(
    tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each network has 3.3 MB of weights: of two, four megabytes hold one."""
    monkeypatch.setenv("BITLENS_CACHE_MB", "4")
    networks = Networks()
    first, second = (str(lively_weights(tmp_path, seed)) for seed in (1, 2))
    for weights in (first, first, second, first):
        networks.prepared("squeezenet", weights)
    assert calls == ["weights"] * 3


def test_fp32_keeps_no_network_alive_that_was_forgotten(weights: str) -> None:
    networks = Networks()
    gone = weakref.ref(networks.prepared("squeezenet", weights).folded)
    networks.executable(Variant("squeezenet", weights, "fp32"))
    assert gone() is not None
    networks._kept.drop(("squeezenet", weights))
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(("megabytes", "loads"), [(4, 2), (5, 1)])
def test_a_format_counts_with_what_it_holds(
    megabytes: int, loads: int, weights: str, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network has 3.3 MB, to which FP32 adds nothing. FIXED-4 would pack 0.4, but holds each weight in a byte: 0.8."""
    monkeypatch.setenv("BITLENS_CACHE_MB", str(megabytes))
    networks = Networks()
    networks.executable(Variant("squeezenet", weights, "fp32"))
    networks.prepared("squeezenet", weights)
    assert calls.count("weights") == 1
    found = networks.executable(Variant("squeezenet", weights, "fixed4"))
    networks.prepared("squeezenet", weights)
    assert calls.count("weights") == loads
    assert found.weight_bytes < 0.5e6 < 0.8e6 < found.held_bytes < 1e6


def test_a_failure_is_not_kept(weights: str, calls: list[str]) -> None:
    networks = Networks()
    with pytest.raises(RequestError, match="There are no weights named 'none'"):
        networks.prepared("squeezenet", "none")
    assert networks.prepared("squeezenet", weights).loaded.network == "squeezenet"
    with pytest.raises(RequestError, match="no number format named 'fixed17'"):
        networks.executable(Variant("squeezenet", weights, "fixed17"))


def test_a_retrained_file_that_another_process_replaced_is_read_anew(
    weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's name stays when weights are retrained once more; what runs must be what it holds then, forgotten or not."""
    record = Retrained(
        *("squeezenet", "fp32", "x", sha256(Path(weights)), "data", "0" * 64),
        *({"rate": 1.0, "seed": 0}, [{}, {}], 1, {}, "", {}, "photos", COMPACT.as_dict(), "as noted", {}),
    )
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path))
    networks, variant = Networks(), Variant("squeezenet", weights, "fp32", "retrain")
    target, tensors = regimes.target("squeezenet", weights, "fp32"), load_file(weights)
    write(target, tensors, record)
    before = networks.of(variant)
    assert networks.of(variant) is before is not networks.of(replace(variant, regime="raw"))
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    (first, *_), (again, *_) = networks.executable(variant).run(x), networks.executable(variant).run(x)
    assert torch.equal(first, again)
    write(target, {name: tensor * 2 for name, tensor in tensors.items()}, record)
    assert not torch.equal(networks.executable(variant).run(x)[0], first)
    assert networks.of(variant).loaded.fingerprint == sha256(target) != before.loaded.fingerprint
