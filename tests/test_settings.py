from __future__ import annotations

import os
from pathlib import Path

import pytest

from core import settings
from core.errors import RequestError


@pytest.fixture(autouse=True)
def two_of_eight(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine of eight processors that lends this process the third and the sixth, for all of their time."""
    monkeypatch.setattr(settings, "CPU_MAX", tmp_path / "cpu.max")
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


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("250000 100000\n", 3),
        ("10000 100000\n", 1),
        ("1600000 100000\n", 8),
        ("100000 0\n", 8),
        ("", 8),
    ],
)
def test_no_more_than_a_containers_share_of_time(limit: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    settings.CPU_MAX.write_text(limit)
    assert settings.cpu_threads() == expected
    monkeypatch.delattr(os, "sched_getaffinity")
    assert settings.cpu_threads() == expected
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert settings.cpu_threads() == 5


NUMBERS = {
    "BITLENS_CACHE_MB": (settings.cache_bytes, 2000),
    "BITLENS_BATCH_MB": (settings.batch_bytes, 512),
    "BITLENS_MAX_UPLOAD_MB": (settings.max_upload_bytes, 50),
    "BITLENS_MAX_SET_MB": (settings.max_set_bytes, 2000),
    "BITLENS_MAX_MEGAPIXELS": (settings.max_pixels, 52),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_whole_numbers_in_millions(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read, default = NUMBERS[name]
    assert read() == default * 1_000_000
    for text, expected in (("3", 3), (" 7 ", 7), ("", default), ("0", 0)):
        monkeypatch.setenv(name, text)
        assert read() == expected * 1_000_000


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("text", ["2G", "-1", "1.5", "1e3", "many"])
def test_what_is_no_whole_number_is_named(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read, default = NUMBERS[name]
    monkeypatch.setenv(name, text)
    with pytest.raises(RequestError) as caught:
        read()
    assert caught.value.message == f"{name} is {text!r}, which is no whole number."
    assert caught.value.remedy == f"Set it to one, such as {default}, or leave it unset."
