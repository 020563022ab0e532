"""The main job: one picture, one variant, one answer."""

from __future__ import annotations

import statistics
import time
from typing import Any

import torch
from torch import Tensor

from core.compare.records import Answer, Box, Guess
from core.compare.view import View
from core.engines.scores import check_finite, ranking, softmax
from core.images.crop import to_picture
from core.models.preprocessing import Preprocessing
from core.quantization.prepare import Executable
from core.serving.networks import Networks
from core.variant import Variant

TOP = 5
MOST_RUNS, ENOUGH_MS = 5, 150.0  # a small network is timed five times, a large one once


def answer(networks: Networks, view: View, variant: Variant, device: str = "cpu", top: int = TOP) -> Answer:
    """Run `variant` on the picture. Loads and lowers on first use, which `elapsed_ms` includes; timing comes after it."""
    began = time.perf_counter()
    prepared = networks.of(variant)
    executable = networks.executable(variant, device)
    x = view.tensor(prepared.loaded.preprocessing)
    outputs = executable.run(x)
    check_finite(outputs, variant)
    scores = softmax(outputs[0])[0]
    guesses = _guesses(scores, prepared.loaded.labels, top)
    box = _box(outputs, view, prepared.loaded.preprocessing) if prepared.loaded.has_box else None
    elapsed_ms = 1000 * (time.perf_counter() - began)
    return Answer(
        image=view.picture.name,
        variant=variant,
        device=device,
        milliseconds=_milliseconds(executable, x, device),
        elapsed_ms=elapsed_ms,
        box=box,
        top=guesses,
        probabilities=tuple(scores.tolist()),
        image_sha256=view.picture.sha256,
        weights_sha256=prepared.loaded.fingerprint,
        crop=view.crop,
        **_how(executable),
    )


def _how(executable: Executable) -> dict[str, Any]:
    """What an answer says of the way it was computed."""
    names = ("engine", "arithmetic", "weight_bytes", "floats", "calibrated", "preliminary", "retrained")
    return {name: getattr(executable, name) for name in names}


def _milliseconds(executable: Executable, x: Tensor, device: str) -> float | None:
    """The median of a few more runs, now warm; None where the arithmetic is emulated and has no speed of its own."""
    if executable.arithmetic == "emulated":
        return None
    runs: list[float] = []
    while len(runs) < MOST_RUNS and sum(runs) < ENOUGH_MS:
        runs.append(_timed(executable, x, device))
    return statistics.median(runs)


def _timed(executable: Executable, x: Tensor, device: str) -> float:
    _wait(device)
    began = time.perf_counter()
    executable.run(x)
    _wait(device)
    return 1000 * (time.perf_counter() - began)


def _wait(device: str) -> None:
    """A GPU works on after a call has returned: what it has not finished would be timed with the next run, or not at all."""
    if device == "cuda":
        torch.cuda.synchronize(device)


def _guesses(scores: Tensor, labels: tuple[str, ...], top: int) -> tuple[Guess, ...]:
    best = ranking(scores)[:top].tolist()
    return tuple(Guess(rank, index, labels[index], float(scores[index])) for rank, index in enumerate(best, 1))


def _box(outputs: tuple[Tensor, ...], view: View, preprocessing: Preprocessing) -> Box:
    x0, y0, x1, y1 = outputs[1][0].clamp(0, 1).tolist()
    corners = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return to_picture(corners, view.box(preprocessing))
