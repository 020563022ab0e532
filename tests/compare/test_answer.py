from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.compare import answer as module
from core.compare.answer import answer
from core.compare.view import View
from core.errors import RangeError, WeightsError
from core.models.labels import labels
from core.models.weights import load_network
from core.quantization.prepare import Executable
from core.serving.networks import Networks
from core.variant import Variant

FORMATS = {"fp32": "native", "fp16": "native", "bf16": "native", "fixed16": "emulated", "fixed8": "emulated"}


def _pixels(view: View) -> np.ndarray:
    """The crop as the network gets it: the 128 x 128 square at the top right of 300 x 200, halved, (p - 128) / 64."""
    image = view.picture.image.resize((64, 64), 2, box=(172, 0, 300, 128))
    return ((np.asarray(image, np.float32) - 128) / 64).transpose(2, 0, 1)[None]


def _outputs(network: nn.Module, x: Tensor) -> list[np.ndarray]:
    with torch.inference_mode():
        return [value.double().numpy() for value in network(x)]


def _numpy_top5(scores: np.ndarray) -> tuple[list[int], list[float]]:
    exponentials = np.exp(scores - scores.max())
    shares = exponentials / exponentials.sum()
    order = np.lexsort((np.arange(len(shares)), -shares))[:5]
    return order.tolist(), shares[order].tolist()


def _stub(networks: Networks, monkeypatch: pytest.MonkeyPatch, outputs: Callable[[Tensor], tuple[Tensor, ...]]) -> None:
    """Every variant answers with `outputs`."""
    found = Executable(outputs, "stub", "native", 1, (), "")
    monkeypatch.setattr(networks, "executable", lambda variant, device: found)


def test_fp32_is_the_float_network_by_hand(networks: Networks, view: View, weights: str) -> None:
    scores, boxes = _outputs(load_network("squeezenet", weights).module, torch.from_numpy(_pixels(view)))
    classes, shares = _numpy_top5(scores[0])
    found = answer(networks, view, Variant("squeezenet", weights, "fp32"))
    assert [guess.class_index for guess in found.top] == classes
    assert [guess.score for guess in found.top] == pytest.approx(shares, rel=1e-4)
    assert [guess.rank for guess in found.top] == [1, 2, 3, 4, 5]
    assert [guess.label for guess in found.top] == [labels("photos")[index] for index in classes]
    assert sum(found.probabilities) == pytest.approx(1)
    assert [found.probabilities[index] for index in classes] == [guess.score for guess in found.top]
    x0, y0, x1, y1 = boxes[0].clip(0, 1)
    assert x0 < x1 and y0 < y1
    assert found.box == pytest.approx((172 + 128 * x0, 128 * y0, 172 + 128 * x1, 128 * y1), abs=0.01)
    assert (found.image, found.device) == ("noise.png", "cpu")


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_said_of_the_computing(networks: Networks, view: View, weights: str, name: str) -> None:
    found = answer(networks, view, Variant("squeezenet", weights, name), top=3)
    assert found.arithmetic == FORMATS[name]
    assert found.engine == ("torch" if found.arithmetic == "native" else "reference")
    assert (found.milliseconds is None) == (found.arithmetic == "emulated")
    assert found.elapsed_ms > 0 and found.milliseconds != 0
    assert found.floats == ("softmax",)
    assert len(found.top) == 3
    assert len(found.probabilities) == 200


@pytest.mark.parametrize(("name", "dtype"), [("fp16", torch.float16), ("bf16", torch.bfloat16)])
def test_the_16_bit_floats_run_in_their_type(
    networks: Networks, view: View, weights: str, name: str, dtype: torch.dtype
) -> None:
    folded = networks.prepared("squeezenet", weights).folded
    by_hand = copy.deepcopy(folded).to(dtype).to(memory_format=torch.channels_last)
    x = torch.from_numpy(_pixels(view)).to(dtype).contiguous(memory_format=torch.channels_last)
    expected = _outputs(by_hand, x)
    found = networks.executable(Variant("squeezenet", weights, name)).run(torch.from_numpy(_pixels(view)))
    fp32 = networks.executable(Variant("squeezenet", weights, "fp32")).run(torch.from_numpy(_pixels(view)))
    for exact, value, wide in zip(expected, found, fp32, strict=True):
        assert value.dtype == torch.float64
        assert np.array_equal(value.numpy(), exact)
        assert 1e-5 < float((value - wide).abs().max()) < 0.5


def test_the_weights_bytes_are_the_formats(networks: Networks, view: View, weights: str) -> None:
    folded = networks.prepared("squeezenet", weights).folded
    layers = sum(parameter.ndim > 1 for parameter in folded.parameters())
    kernels = sum(parameter.numel() for parameter in folded.parameters() if parameter.ndim > 1)
    biases = sum(parameter.numel() for parameter in folded.parameters() if parameter.ndim == 1)
    found = {name: answer(networks, view, Variant("squeezenet", weights, name)).weight_bytes for name in FORMATS}
    assert (found["fp32"], found["fp16"]) == (4 * (kernels + biases), 2 * (kernels + biases))
    assert found["fixed16"] == 2 * kernels + 4 * biases + layers
    assert found["fixed8"] == kernels + 4 * biases + layers
    int8 = answer(networks, view, Variant("squeezenet", weights, "int8")).weight_bytes
    assert int8 == kernels + 4 * biases + 4 * biases  # a scale beside each bias


def test_equal_scores_go_by_class_index(
    networks: Networks, view: View, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stub(networks, monkeypatch, lambda x: (torch.full((1, 200), 3.0), torch.tensor([[0.0, 0.0, 1.0, 1.0]])))
    found = answer(networks, view, Variant("squeezenet", weights, "fp32"))
    assert [guess.class_index for guess in found.top] == [0, 1, 2, 3, 4]
    assert [guess.score for guess in found.top] == pytest.approx([1 / 200] * 5)


NO_NUMBERS = [float("inf"), float("-inf"), float("nan")]


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("what", ["scores", "box corners"])
def test_outputs_that_are_no_numbers_are_an_error_in_words(
    networks: Networks, view: View, weights: str, monkeypatch: pytest.MonkeyPatch, value: float, what: str
) -> None:
    """FP16 turns what is above 65,504 into infinity: inf - inf, in softmax, is no number. One such value is enough."""
    outputs = (torch.zeros(1, 200), torch.zeros(1, 4))
    outputs[what == "box corners"][0, 2] = value
    _stub(networks, monkeypatch, lambda x: outputs)
    with pytest.raises(RangeError) as caught:
        answer(networks, view, Variant("squeezenet", weights, "fp16"))
    assert caught.value.message == f"Values inside this network are too large for FP16: its {what} are no numbers."
    assert caught.value.remedy == "Choose a format with a wider range, such as BF16."


@pytest.mark.parametrize(
    ("name", "title"), [("fp32", "FP32"), ("bf16", "BF16"), ("fixed8", "FIXED-8"), ("int8", "INT8")]
)
def test_where_no_format_is_wider_it_is_the_weights(
    networks: Networks, view: View, weights: str, monkeypatch: pytest.MonkeyPatch, name: str, title: str
) -> None:
    _stub(networks, monkeypatch, lambda x: (torch.zeros(1, 200), torch.full((1, 4), float("nan"))))
    with pytest.raises(WeightsError) as caught:
        answer(networks, view, Variant("squeezenet", weights, name))
    assert f"the network's box corners are no numbers, in {title}" in caught.value.message
    assert caught.value.remedy == "Give another weights file."


def test_a_box_that_is_inside_out_or_too_large(
    networks: Networks, view: View, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stub(networks, monkeypatch, lambda x: (torch.zeros(1, 200), torch.tensor([[0.75, -3.0, 0.25, 0.5]])))
    found = answer(networks, view, Variant("squeezenet", weights, "fp32"))
    assert found.box == (172 + 32, 0, 172 + 96, 64)


def test_weights_without_a_box_head(
    networks: Networks, view: View, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = networks.prepared("squeezenet", weights)
    headless = replace(prepared, loaded=replace(prepared.loaded, has_box=False))
    monkeypatch.setattr(networks, "of", lambda variant: headless)
    assert answer(networks, view, Variant("squeezenet", weights, "fp32")).box is None


def test_a_native_speed_is_that_of_a_warm_run(
    networks: Networks, view: View, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 10.0, 11.0, 11.25])  # the first run, of ten seconds, loads and warms up
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    _stub(networks, monkeypatch, lambda x: (torch.zeros(1, 200), torch.zeros(1, 4)))
    found = answer(networks, view, Variant("squeezenet", weights, "fp32"))
    assert (found.milliseconds, found.elapsed_ms) == (250.0, 10000.0)


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("cpu", ["clock", "run", "clock", "clock", "run", "clock"]),
        ("cuda", ["clock", "run", "clock", "wait", "clock", "run", "wait", "clock"]),
    ],
)
def test_a_gpu_is_waited_for_before_and_after_the_timed_run(
    networks: Networks,
    view: View,
    weights: str,
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    expected: list[str],
) -> None:
    events: list[str] = []

    def outputs(x: Tensor) -> tuple[Tensor, ...]:
        events.append("run")
        return torch.zeros(1, 200), torch.zeros(1, 4)

    monkeypatch.setattr(module, "MOST_RUNS", 1)
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: events.append("clock") or 0.0))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: events.append("wait"))
    _stub(networks, monkeypatch, outputs)
    answer(networks, view, Variant("squeezenet", weights, "fp32"), device)
    assert events == expected
