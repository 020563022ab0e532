from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from core.errors import BitlensError
from core.serving.worker import Worker

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def worker() -> Worker:
    return Worker(threads=1)


@pytest.fixture
def gate(worker: Worker) -> Iterator[Callable[[], None]]:
    """The worker is busy until the test opens the gate."""
    opened = threading.Event()
    busy = worker.submit(lambda: opened.wait(30))
    yield opened.set
    opened.set()
    assert busy.result(30)


def test_all_work_is_done_by_one_named_thread(worker: Worker) -> None:
    found = {worker.submit(threading.current_thread).result(30) for _ in range(5)}
    assert {thread.name for thread in found} == {"bitlens-inference"}
    assert len(found) == 1
    assert found != {threading.current_thread()}


def test_order_is_by_priority_then_by_arrival(worker: Worker, gate: Callable[[], None]) -> None:
    done: list[str] = []
    plan = [("chart", 10), ("first", 0), ("second", 0), ("urgent", -1), ("late chart", 10), ("third", 0)]
    futures = [worker.submit(lambda name=name: done.append(name), priority) for name, priority in plan]
    gate()
    for future in futures:
        future.result(30)
    assert done == ["urgent", "first", "second", "third", "chart", "late chart"]


def test_cancelled_work_is_skipped(worker: Worker, gate: Callable[[], None]) -> None:
    done: list[str] = []
    dropped = worker.submit(lambda: done.append("dropped"))
    kept = worker.submit(lambda: done.append("kept"))
    assert dropped.cancel()
    gate()
    kept.result(30)
    assert done == ["kept"]
    assert dropped.cancelled()


def test_a_failure_reaches_its_future_and_the_thread_goes_on(worker: Worker) -> None:
    def fail() -> None:
        raise SystemExit("no end of the thread")

    with pytest.raises(SystemExit, match="no end of the thread"):
        worker.submit(fail).result(30)
    assert worker.submit(lambda: 2 + 2).result(30) == 4


def test_work_can_submit_work(worker: Worker) -> None:
    inner: list[Future[int]] = []
    worker.submit(lambda: inner.append(worker.submit(lambda: 7))).result(30)
    assert inner[0].result(30) == 7


def test_an_idle_worker_holds_nothing(worker: Worker) -> None:
    class Picture:
        def size(self) -> int:
            return 3

    picture = Picture()
    gone = weakref.ref(picture)
    work = picture.size
    del picture
    future = worker.submit(work)
    del work
    assert future.result(30) == 3
    del future
    deadline = time.monotonic() + 10
    while gone() is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert gone() is None


def test_a_failure_that_is_kept_holds_nothing_else(worker: Worker) -> None:
    class Picture:
        pass

    def fail() -> None:
        picture = Picture()
        seen.append(weakref.ref(picture))
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise BitlensError("It failed.", "") from error

    seen: list[weakref.ref[Picture]] = []
    future = worker.submit(fail)
    assert str(future.exception(30)) == "It failed."
    gc.collect()
    assert seen[0]() is None


def test_torch_gets_the_workers_threads(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    assert worker.submit(torch.get_num_threads).result(30) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    other = Worker()
    assert other.submit(torch.get_num_threads).result(30) == 2
    other.submit(lambda: torch.set_num_threads(1)).result(30)  # threads that begin later take over what was set last


def test_the_module_imports_no_torch() -> None:
    code = "import sys, core.serving.worker, core.serving.background, core.serving.cache, core.serving.devices"
    code += "; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY).returncode == 0
