"""Answers for the app: queued on the inference thread, each computed once for a picture's content.

torch is imported by that thread alone: a page is drawn before it is there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, Generic, TypeVar

from core.compare.records import Answer, LayerNoise
from core.compare.view import View
from core.models.regimes import content
from core.serving.cache import LeastRecent
from core.serving.worker import Worker, shared_worker
from core.variant import Variant

Result = TypeVar("Result")
KEPT = 2_000
MOST_SESSIONS = 1_000
FORGET_FIRST, ANSWERS, CHARTS, BEHIND = -1, 0, 5, 10


@dataclass
class _Asked(Generic[Result]):
    """Work that was submitted, and the sessions that wait for it."""

    future: Future[Result]
    sessions: set[str] = field(default_factory=set)


class Comparison:
    """Submits work and keeps its futures, keyed on the picture's sha256, the crop, the variant and its retrained file.

    A session is any name for the one who asks. Its requests stand until `supersede`.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._lock = threading.Lock()
        self._answers: LeastRecent[_Asked[Answer]] = LeastRecent(KEPT)
        self._noise: LeastRecent[_Asked[tuple[LayerNoise, ...]]] = LeastRecent(KEPT)
        self._waiting: LeastRecent[list[_Asked[Any]]] = LeastRecent(MOST_SESSIONS)

    def supersede(self, session: str) -> None:
        """Drop what `session` asked for and nobody computes or waits for: it has moved on to another view."""
        with self._lock:
            for asked in self._waiting.get(session) or []:
                asked.sessions.discard(session)
                if not asked.sessions:
                    asked.future.cancel()
            self._waiting.drop(session)

    def answers(
        self, view: View, variants: Iterable[Variant], session: str = "", priority: int = ANSWERS
    ) -> list[Future[Answer]]:
        """A future for each variant, in the order given; what was answered before is there at once.

        `priority` is ANSWERS, or BEHIND for what may wait until everybody's open view is answered.
        """
        return [
            self._once(self._answers, _key(view, variant), _work(view, variant), session, priority)
            for variant in variants
        ]

    def noise(self, view: View, variant: Variant, session: str = "") -> Future[tuple[LayerNoise, ...]]:
        """Per-layer SQNR, computed after all answers that are waiting."""
        return self._once(self._noise, _key(view, variant), partial(_measure, view, variant), session, CHARTS)

    def forget(self, network: str, weights: str) -> None:
        """After a search has finished: what these weights answered is computed again when next asked for."""

        def concerned(key: tuple[Any, ...]) -> bool:
            return (key[-1].network, key[-1].weights) == (network, weights)

        with self._lock:
            self._worker.submit(partial(_forget, network, weights), FORGET_FIRST)
            self._answers.drop_where(concerned)
            self._noise.drop_where(concerned)

    def _once(
        self, kept: LeastRecent[_Asked[Result]], key: Hashable, work: Callable[[], Result], session: str, priority: int
    ) -> Future[Result]:
        """What is kept under `key`, else newly submitted work; two sessions that ask at once get one future."""
        with self._lock:
            asked = kept.get(key)
            if asked is None or _failed(asked.future):
                asked = _Asked(self._worker.submit(work, priority))
                kept.put(key, asked)
            if not asked.future.done():
                self._note(asked, session)
            return asked.future

    def _note(self, asked: _Asked[Any], session: str) -> None:
        asked.sessions.add(session)
        waiting = self._waiting.get(session) or []
        self._waiting.put(session, [*(one for one in waiting if not one.future.done()), asked])


def _work(view: View, variant: Variant) -> Callable[[], Answer]:
    """The answer, whose `elapsed_ms` counts from now: the queue is a part of what a visitor waits for."""
    submitted = time.perf_counter()

    def work() -> Answer:
        queued_ms = 1000 * (time.perf_counter() - submitted)
        answer = _compute(view, variant)
        return replace(answer, elapsed_ms=answer.elapsed_ms + queued_ms)

    return work


def _compute(view: View, variant: Variant) -> Answer:
    from core.compare.answer import answer
    from core.serving.networks import shared_networks

    return answer(shared_networks(), view, variant)


def _measure(view: View, variant: Variant) -> tuple[LayerNoise, ...]:
    from core.compare.noise import layer_noise
    from core.serving.networks import shared_networks

    prepared = shared_networks().of(variant)
    x = view.tensor(prepared.loaded.preprocessing)
    return layer_noise(prepared, shared_networks().executable(variant), x)


def _forget(network: str, weights: str) -> None:
    from core.serving.networks import shared_networks

    shared_networks().forget(network, weights)


def _key(view: View, variant: Variant) -> tuple[Hashable, ...]:
    return (view.picture.sha256, view.picture.name, view.crop, content(variant), variant)


def _failed(future: Future[Any]) -> bool:
    """A failure is not kept: the cause (no file, no memory) may be gone at the next try."""
    return future.cancelled() or (future.done() and future.exception() is not None)


@cache
def shared_comparison() -> Comparison:
    """The process's one comparison service, on the shared worker."""
    return Comparison(shared_worker())
