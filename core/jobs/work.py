"""Carrying a job out: wait for its turn, let its heart beat, hear what the person wishes, and record how it ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from core.errors import BitlensError, Cancelled, Paused, StoreError
from core.jobs.records import BEAT_S, State, Wish, new_owner
from core.jobs.store import JobStore

POLL_S = 0.5


class Work:
    """A job that this process carries out. `check` is to be called often; it costs nothing."""

    def __init__(self, store: JobStore, job: str) -> None:
        self.job, self.owner = job, new_owner()
        self._store = store
        self._again = f"python -m core {store.get(job).kind} --resume {job}"
        self._wish: Wish = ""
        self._lost: StoreError | None = None
        self._over = threading.Event()

    def check(self) -> None:
        """Raises Cancelled or Paused where the person wishes so, StoreError where another process has taken the job over."""
        if self._lost:
            raise self._lost
        if self._wish == "cancel":
            raise Cancelled(f"The job {self.job} was cancelled.", f"What it finished is kept: {self._again}.")
        if self._wish == "pause":
            raise Paused(f"The job {self.job} was paused.", f"Go on with it: {self._again}.")

    def take_turn(self, waiting: Callable[[], None]) -> None:
        """Wait until the job is this process's; `waiting` is called once, where it is not at once."""
        _until(lambda: self._store.claim(self.job, self.owner), waiting)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """A thread of its own says that the process lives, so that a slow batch is not taken for a dead process."""
        heart = threading.Thread(target=self._beat, name=f"bitlens-heart-{self.job}", daemon=True)
        heart.start()
        try:
            yield
        finally:
            self._over.set()
            heart.join()

    def end(self, state: State, error: BitlensError | None = None) -> None:
        self._store.finish(self.job, self.owner, state, error)

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                self._wish = self._store.beat(self.job, self.owner)
            except StoreError as error:
                # A locked or full disk may be free at the next beat; a job that is another's never comes back.
                if not self._is_mine():
                    self._lost = error
                    return

    def _is_mine(self) -> bool:
        try:
            return self._store.get(self.job).owner == self.owner
        except BitlensError:
            return True


@contextmanager
def carried_out(store: JobStore, job: str, waiting: Callable[[], None] = lambda: None) -> Iterator[Work]:
    """The block is the work. However it ends is recorded, and what it raises is raised again."""
    work = Work(store, job)
    work.take_turn(waiting)
    try:
        with work.beating():
            yield work
    except BaseException as error:
        # Where the disk is full nothing can be recorded: the heart has stopped, which says enough.
        with suppress(StoreError):
            work.end(*_ending(error))
        raise
    work.end("done")


def await_turn(store: JobStore, job: str, waiting: Callable[[], None]) -> None:
    """Wait until the queued job's turn has come, without taking it; `waiting` is called once, where it has not by now."""
    owner = new_owner()
    _until(lambda: store.has_turn(job, owner), waiting)


def _until(come: Callable[[], bool], waiting: Callable[[], None]) -> None:
    told = False
    while not come():
        if not told:
            waiting()
            told = True
        time.sleep(POLL_S)


def _ending(error: BaseException) -> tuple[State, BitlensError | None]:
    if isinstance(error, Paused | KeyboardInterrupt):
        return "paused", None
    if isinstance(error, Cancelled):
        return "cancelled", None
    if isinstance(error, BitlensError):
        return "failed", error
    return "failed", BitlensError(f"Something unexpected went wrong ({type(error).__name__}: {error}).", "Try again.")
