"""The inference thread: long-lived, owned by the core. Script threads submit and wait; they never run a network themselves.

A web server's short-lived threads would each bring an OpenMP team and thread-local caches of their own.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

from core import settings
from core.errors import BitlensError

Result = TypeVar("Result")
Task = tuple[int, int, Callable[[], Any], "Future[Any]"]


class Worker:
    """One thread and its queue. Lower `priority` goes first; equals go in the order in which they came."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or settings.cpu_threads()
        self._queue: queue.PriorityQueue[Task] = queue.PriorityQueue()
        self._ticket = itertools.count()
        threading.Thread(target=self._serve, name="bitlens-inference", daemon=True).start()

    def submit(self, work: Callable[[], Result], priority: int = 0) -> Future[Result]:
        """Queue `work`. A future that is cancelled before its turn is skipped."""
        future: Future[Result] = Future()
        self._queue.put((priority, next(self._ticket), work, future))
        return future

    def _serve(self) -> None:
        import torch

        torch.set_num_threads(self._threads)
        while True:
            _, _, work, future = self._queue.get()
            if future.set_running_or_notify_cancel():
                _run(work, future)
            # What the last task held must not stay alive while the queue is empty.
            del work, future


def _run(work: Callable[[], Any], future: Future[Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:
        if not isinstance(error, BitlensError):
            logging.getLogger(__name__).exception("work on the inference thread failed")
        future.set_exception(_bare(error))


def _bare(error: BaseException) -> BaseException:
    """Without the frames it passed, which would keep pictures and networks alive for as long as the future is kept."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


@cache
def shared_worker() -> Worker:
    """The process's one worker."""
    return Worker()
