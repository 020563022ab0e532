"""Answers for the app: queued on the inference thread, each computed once for a picture's content."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from concurrent.futures import Future
from functools import cache

from core.compare.answer import View, answer
from core.compare.noise import layer_noise
from core.compare.records import Answer, LayerNoise
from core.serving.cache import LeastRecent
from core.serving.networks import Networks, shared_networks
from core.serving.worker import Worker, shared_worker
from core.variant import Variant

KEPT_ANSWERS = 2_000
CHARTS_LAST = 10


class Comparison:
    """Submits work and keeps its futures, keyed on the picture's sha256, the crop and the variant; never on arrays."""

    def __init__(self, worker: Worker, networks: Networks) -> None:
        self._worker, self.networks = worker, networks
        self._futures: LeastRecent[Future[Answer]] = LeastRecent(KEPT_ANSWERS)
        self._noise: LeastRecent[Future[tuple[LayerNoise, ...]]] = LeastRecent(KEPT_ANSWERS)

    def answers(self, view: View, variants: Iterable[Variant]) -> list[Future[Answer]]:
        """A future for each variant, in the order given; what was answered before is there at once."""
        return [self._answer(view, variant) for variant in variants]

    def noise(self, view: View, variant: Variant) -> Future[tuple[LayerNoise, ...]]:
        """Per-layer SQNR, computed after all answers that are waiting."""
        key = ("noise", *_key(view, variant))
        future = self._noise.get(key)
        if future is None or _failed(future):
            future = self._worker.submit(lambda: self._measure(view, variant), priority=CHARTS_LAST)
            self._noise.put(key, future)
        return future

    def _answer(self, view: View, variant: Variant) -> Future[Answer]:
        key = _key(view, variant)
        future = self._futures.get(key)
        if future is None or _failed(future):
            future = self._worker.submit(lambda: answer(self.networks, view, variant))
            self._futures.put(key, future)
        return future

    def forget(self, network: str, weights: str) -> None:
        """After a search has finished: preliminary answers are computed again when next asked for."""
        self.networks.forget(network, weights)
        self._futures.clear()

    def _measure(self, view: View, variant: Variant) -> tuple[LayerNoise, ...]:
        prepared = self.networks.prepared(variant.network, variant.weights)
        x = view.tensor(prepared.loaded.preprocessing)
        return layer_noise(prepared, variant.number_format, variant.calibration, x)


def _key(view: View, variant: Variant) -> tuple[Hashable, ...]:
    return (view.picture.sha256, view.picture.name, view.crop, variant)


def _failed(future: Future[Answer] | Future[tuple[LayerNoise, ...]]) -> bool:
    """A failure is not kept: the cause (no file, no memory) may be gone at the next try."""
    return future.cancelled() or (future.done() and future.exception() is not None)


@cache
def shared_comparison() -> Comparison:
    """The process's one comparison service: shared worker, shared networks."""
    return Comparison(shared_worker(), shared_networks())
