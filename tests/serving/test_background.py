from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core import settings
from core.errors import Cancelled, RequestError, WeightsError
from core.serving.background import Background, Job, run_command

PATIENCE_S = 30


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


@pytest.fixture
def background() -> Background:
    return Background()


def test_progress_then_done(background: Background) -> None:
    half, finish = threading.Event(), threading.Event()

    def work(job: Job) -> None:
        job.share = 0.5
        half.set()
        assert finish.wait(PATIENCE_S)

    job = background.start("a", "The job", work)
    assert half.wait(PATIENCE_S)
    assert (job.share, job.state, background.find("a")) == (0.5, "running", job)
    finish.set()
    _until(lambda: job.state == "done")
    assert (job.share, job.error) == (1.0, None)


def test_one_running_job_for_each_key(background: Background) -> None:
    finish, runs = threading.Event(), []

    def work(job: Job) -> None:
        runs.append(job.title)
        assert finish.wait(PATIENCE_S)

    first = background.start("a", "first", work)
    assert background.start("a", "again", work) is first
    other = background.start("b", "other", work)
    assert other is not first
    finish.set()
    _until(lambda: first.state == other.state == "done")
    anew = background.start("a", "anew", work)
    _until(lambda: anew.state == "done")
    assert sorted(runs) == ["anew", "first", "other"]


def test_how_a_job_ended_is_told_for_ten_minutes(background: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    job = background.start("a", "first", lambda running: None)
    _until(lambda: job.ended is not None)
    ended = job.ended or 0.0
    monkeypatch.setattr(time, "monotonic", lambda: ended + 599)
    assert background.find("a") is job
    monkeypatch.setattr(time, "monotonic", lambda: ended + 601)
    assert background.find("a") is None


def test_cancel(background: Background) -> None:
    def work(job: Job) -> None:
        if job.stop.wait(PATIENCE_S):
            raise Cancelled("Stopped.", "")

    job = background.start("a", "The job", work)
    job.cancel()
    _until(lambda: job.state == "cancelled")
    assert job.error is None


class Held:
    """Work that ends when the test says so; `begun` lists the titles of the jobs in the order in which they began."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._finish = {title: threading.Event() for title in "abcde"}

    def __call__(self, job: Job) -> None:
        self.begun.append(job.title)
        assert self._finish[job.title].wait(PATIENCE_S)

    def finish(self, *titles: str) -> None:
        for title in titles:
            self._finish[title].set()


def test_two_run_at_a_time_and_the_others_wait_in_order(background: Background) -> None:
    work = Held()
    jobs = {title: background.start(title, title, work) for title in "abcde"}
    assert [job.waiting for job in jobs.values()] == [False, False, True, True, True]
    assert {(job.state, job.share) for job in jobs.values()} == {("running", 0.0)}
    assert background.start("d", "again", work) is jobs["d"]
    _until(lambda: len(work.begun) == 2)
    for finished, next_one in (("b", "c"), ("a", "d"), ("d", "e")):
        work.finish(finished)
        _until(lambda title=next_one: title in work.begun)
        assert not jobs[next_one].waiting
        _until(lambda title=finished: jobs[title].state == "done")
    work.finish("c", "e")
    _until(lambda: {job.state for job in jobs.values()} == {"done"})
    assert sorted(work.begun[:2]) == ["a", "b"] and work.begun[2:] == ["c", "d", "e"]


def test_a_cancel_while_waiting_ends_the_job_before_it_begins(background: Background) -> None:
    work = Held()
    first, _, third, fourth = (background.start(title, title, work) for title in "abcd")
    third.cancel()
    _until(lambda: third.state == "cancelled")
    assert (third.waiting, third.error, third.share) == (False, None, 0.0)
    assert (first.state, fourth.state, fourth.waiting) == ("running", "running", True)
    work.finish("a", "b", "d")
    _until(lambda: fourth.state == "done")
    assert sorted(work.begun) == ["a", "b", "d"]
    anew = background.start("c", "c", work)
    work.finish("c")
    _until(lambda: anew.state == "done")


def test_a_failed_job_gives_its_turn_on(background: Background) -> None:
    def fail(job: Job) -> None:
        raise ZeroDivisionError

    failures = [background.start(str(index), "The job", fail) for index in range(5)]
    _until(lambda: {job.state for job in failures} == {"failed"})
    last = background.start("last", "The last", lambda job: None)
    _until(lambda: last.state == "done")


def test_a_failure_keeps_its_sentence(background: Background) -> None:
    def expected(job: Job) -> None:
        raise WeightsError("The file is empty.", "Copy it anew.")

    def unexpected(job: Job) -> None:
        raise ZeroDivisionError("division by zero")

    first, second = background.start("a", "The job", expected), background.start("b", "The job", unexpected)
    _until(lambda: first.state == second.state == "failed")
    assert str(first.error) == "The file is empty. Copy it anew."
    assert str(second.error) == "The job failed: division by zero. Try again."


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a `core` of the test's own where `python -m core` is run."""
    (tmp_path / "core").mkdir()
    monkeypatch.setattr(settings, "REPOSITORY", tmp_path)
    head = "import os, pathlib, sys, time\nfolder = pathlib.Path(__file__).parent\nfile = pathlib.Path(sys.argv[-1])\n"

    def write(body: str) -> None:
        (tmp_path / "core" / "__main__.py").write_text(head + body)

    return write


def test_a_command_runs_in_the_repository_with_its_arguments(command: Callable[[str], None], tmp_path: Path) -> None:
    command("(folder / 'seen').write_text(' '.join([os.getcwd(), *sys.argv[1:-1]]))")
    run_command(Job("The job"), ["calibrate", "--network", "vgg16"])
    assert (tmp_path / "core" / "seen").read_text() == f"{tmp_path} calibrate --network vgg16 --progress"


def test_a_commands_progress_is_followed(command: Callable[[str], None], tmp_path: Path) -> None:
    command("file.write_text('0.25')\nwhile not (folder / 'finish').exists(): time.sleep(0.01)")
    job = Job("The job")
    thread = threading.Thread(target=run_command, args=(job, []))
    thread.start()
    _until(lambda: job.share == 0.25)
    (tmp_path / "core" / "finish").touch()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_cancel_ends_the_process(command: Callable[[str], None], tmp_path: Path) -> None:
    command("part = folder / 'part'; part.write_text(str(os.getpid())); part.rename(folder / 'pid')\ntime.sleep(60)")
    pid = tmp_path / "core" / "pid"
    background = Background()
    job = background.start("a", "The job", lambda running: run_command(running, []))
    _until(pid.exists)
    job.cancel()
    _until(lambda: job.state == "cancelled")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_failed_command_says_its_last_line(command: Callable[[str], None]) -> None:
    command("print('50%|#####', file=sys.stderr); sys.exit('bitlens: The file is empty. Copy it anew.')")
    with pytest.raises(RequestError, match="^The file is empty. Copy it anew. Try again.$"):
        run_command(Job("The job"), [])
    command("sys.exit(3)")
    with pytest.raises(RequestError, match="ended without a word"):
        run_command(Job("The job"), [])


def test_a_killed_command_says_by_what(command: Callable[[str], None]) -> None:
    command("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(RequestError, match="^The job was ended by SIGKILL. It may need more memory"):
        run_command(Job("The job"), [])


def test_a_wordy_command_is_not_held_up(command: Callable[[str], None]) -> None:
    command("sys.stderr.write('x' * 1_000_000)")
    thread = threading.Thread(target=run_command, args=(Job("The job"), []), daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
