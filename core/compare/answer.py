"""The main job: one picture, one variant, one answer."""

from __future__ import annotations

import time

import torch
from torch import Tensor

from core.compare.records import Answer, Box, Guess
from core.compare.view import View
from core.images.crop import to_picture
from core.models.preprocessing import Preprocessing
from core.quantization.prepare import Executable
from core.serving.networks import Networks
from core.variant import Variant

TOP = 5


def answer(networks: Networks, view: View, variant: Variant, device: str = "cpu", top: int = TOP) -> Answer:
    """Run `variant` on the picture. Loads and lowers on first use, which `elapsed_ms` includes."""
    began = time.perf_counter()
    prepared = networks.prepared(variant.network, variant.weights)
    executable = networks.executable(variant, device)
    x = view.tensor(prepared.loaded.preprocessing)
    outputs, milliseconds = _timed(executable, x)
    scores = softmax(outputs[0])[0]
    box = _box(outputs, view, prepared.loaded.preprocessing) if prepared.loaded.has_box else None
    return Answer(
        image=view.picture.name,
        variant=variant,
        engine=executable.engine,
        arithmetic=executable.arithmetic,
        device=device,
        milliseconds=milliseconds,
        elapsed_ms=1000 * (time.perf_counter() - began),
        weight_bytes=executable.weight_bytes,
        box=box,
        top=_guesses(scores, prepared.loaded.labels, top),
        probabilities=tuple(scores.tolist()),
        floats=executable.floats,
        calibrated=executable.calibrated,
        preliminary=executable.preliminary,
    )


def softmax(scores: Tensor) -> Tensor:
    """[n, classes] in float64, the one float island behind every format's last layer."""
    return scores.double().softmax(dim=1)


def ranking(scores: Tensor) -> Tensor:
    """Class indices by score descending, equal scores by index: one order everywhere."""
    return torch.sort(scores, dim=-1, descending=True, stable=True).indices


def _timed(executable: Executable, x: Tensor) -> tuple[tuple[Tensor, ...], float | None]:
    """The outputs, and the milliseconds of a warm run; None where the arithmetic is emulated and has no speed of its own."""
    outputs = executable.run(x)
    if executable.arithmetic == "emulated":
        return outputs, None
    began = time.perf_counter()
    outputs = executable.run(x)
    _wait(outputs[0])
    return outputs, 1000 * (time.perf_counter() - began)


def _wait(value: Tensor) -> None:
    if value.is_cuda:
        torch.cuda.synchronize(value.device)


def _guesses(scores: Tensor, labels: tuple[str, ...], top: int) -> tuple[Guess, ...]:
    best = ranking(scores)[:top].tolist()
    return tuple(Guess(rank, index, labels[index], float(scores[index])) for rank, index in enumerate(best, 1))


def _box(outputs: tuple[Tensor, ...], view: View, preprocessing: Preprocessing) -> Box:
    x0, y0, x1, y1 = outputs[1][0].clamp(0, 1).tolist()
    corners = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return to_picture(corners, view.box(preprocessing))
