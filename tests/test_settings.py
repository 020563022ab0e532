from __future__ import annotations

import os

import pytest

from core import settings


@pytest.fixture(autouse=True)
def two_of_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of eight processors that lends this process the third and the sixth."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {2, 5}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


@pytest.mark.parametrize(("asked", "expected"), [("3", 3), (" 16 ", 16), ("0", 2), ("-1", 2), ("4,2", 2), ("", 2)])
def test_threads_are_those_asked_for_if_it_is_a_number(
    asked: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert settings.cpu_threads() == expected


def test_else_those_that_this_process_may_use() -> None:
    assert settings.cpu_threads() == 2


def test_else_all_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    assert settings.cpu_threads() == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert settings.cpu_threads() == 1
