"""Answers for the app: queued on the inference thread, each computed once for a picture's content.

torch is imported by that thread alone: a page is drawn before it is there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future
from functools import cache, partial
from typing import Any, TypeVar

from core.compare.records import Answer, LayerNoise
from core.compare.view import View
from core.serving.cache import LeastRecent
from core.serving.worker import Worker, shared_worker
from core.variant import Variant

Result = TypeVar("Result")
KEPT = 2_000
FORGET_FIRST, ANSWERS, CHARTS_LAST = -1, 0, 10


class Comparison:
    """Submits work and keeps its futures, keyed on the picture's sha256, the crop and the variant; never on arrays."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._lock = threading.Lock()
        self._answers: LeastRecent[Future[Answer]] = LeastRecent(KEPT)
        self._noise: LeastRecent[Future[tuple[LayerNoise, ...]]] = LeastRecent(KEPT)

    def answers(self, view: View, variants: Iterable[Variant]) -> list[Future[Answer]]:
        """A future for each variant, in the order given; what was answered before is there at once."""
        return [
            self._once(self._answers, _key(view, variant), partial(_compute, view, variant), ANSWERS)
            for variant in variants
        ]

    def noise(self, view: View, variant: Variant) -> Future[tuple[LayerNoise, ...]]:
        """Per-layer SQNR, computed after all answers that are waiting."""
        return self._once(self._noise, _key(view, variant), partial(_measure, view, variant), CHARTS_LAST)

    def forget(self, network: str, weights: str) -> None:
        """After a search has finished: preliminary answers are computed again when next asked for."""
        with self._lock:
            self._worker.submit(partial(_forget, network, weights), FORGET_FIRST)
            self._answers.clear()
            self._noise.clear()

    def _once(
        self, kept: LeastRecent[Future[Result]], key: Hashable, work: Callable[[], Result], priority: int
    ) -> Future[Result]:
        """What is kept under `key`, else newly submitted work; two sessions that ask at once get one future."""
        with self._lock:
            future = kept.get(key)
            if future is None or _failed(future):
                future = self._worker.submit(work, priority)
                kept.put(key, future)
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


def _forget(network: str, weights: str) -> None:
    from core.serving.networks import shared_networks

    shared_networks().forget(network, weights)


def _key(view: View, variant: Variant) -> tuple[Hashable, ...]:
    return (view.picture.sha256, view.picture.name, view.crop, variant)


def _failed(future: Future[Any]) -> bool:
    """A failure is not kept: the cause (no file, no memory) may be gone at the next try."""
    return future.cancelled() or (future.done() and future.exception() is not None)


@cache
def shared_comparison() -> Comparison:
    """The process's one comparison service, on the shared worker."""
    return Comparison(shared_worker())
