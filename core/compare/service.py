"""Answers for the app: queued on the inference thread, each computed once for a picture's content.

torch is imported by that thread alone: a page is drawn before it is there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from concurrent.futures import Future
from functools import cache
from typing import Any

from core.compare.records import Answer, LayerNoise
from core.compare.view import View
from core.serving.cache import LeastRecent
from core.serving.worker import Worker, shared_worker
from core.variant import Variant

KEPT = 2_000
CHARTS_LAST = 10


class Comparison:
    """Submits work and keeps its futures, keyed on the picture's sha256, the crop and the variant; never on arrays."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._answers: LeastRecent[Future[Answer]] = LeastRecent(KEPT)
        self._noise: LeastRecent[Future[tuple[LayerNoise, ...]]] = LeastRecent(KEPT)

    def answers(self, view: View, variants: Iterable[Variant]) -> list[Future[Answer]]:
        """A future for each variant, in the order given; what was answered before is there at once."""
        return [self._answer(view, variant) for variant in variants]

    def noise(self, view: View, variant: Variant) -> Future[tuple[LayerNoise, ...]]:
        """Per-layer SQNR, computed after all answers that are waiting."""
        key = _key(view, variant)
        future = self._noise.get(key)
        if future is None or _failed(future):
            future = self._worker.submit(lambda: _measure(view, variant), priority=CHARTS_LAST)
            self._noise.put(key, future)
        return future

    def forget(self, network: str, weights: str) -> None:
        """After a search has finished: preliminary answers are computed again when next asked for."""
        from core.serving.networks import shared_networks

        shared_networks().forget(network, weights)
        self._answers.clear()
        self._noise.clear()

    def _answer(self, view: View, variant: Variant) -> Future[Answer]:
        key = _key(view, variant)
        future = self._answers.get(key)
        if future is None or _failed(future):
            future = self._worker.submit(lambda: _compute(view, variant))
            self._answers.put(key, future)
        return future


def _compute(view: View, variant: Variant) -> Answer:
    from core.compare.answer import answer
    from core.serving.networks import shared_networks

    return answer(shared_networks(), view, variant)


def _measure(view: View, variant: Variant) -> tuple[LayerNoise, ...]:
    from core.compare.noise import layer_noise
    from core.serving.networks import shared_networks

    prepared = shared_networks().prepared(variant.network, variant.weights)
    x = view.tensor(prepared.loaded.preprocessing)
    return layer_noise(prepared, variant.number_format, variant.calibration, x)


def _key(view: View, variant: Variant) -> tuple[Hashable, ...]:
    return (view.picture.sha256, view.picture.name, view.crop, variant)


def _failed(future: Future[Any]) -> bool:
    """A failure is not kept: the cause (no file, no memory) may be gone at the next try."""
    return future.cancelled() or (future.done() and future.exception() is not None)


@cache
def shared_comparison() -> Comparison:
    """The process's one comparison service, on the shared worker."""
    return Comparison(shared_worker())
