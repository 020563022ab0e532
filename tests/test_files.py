from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.files import as_text, write_atomically

WRITERS, ROUNDS, LENGTH = 8, 20, 200_000


def test_many_threads_write_one_file_and_it_is_always_whole(tmp_path: Path) -> None:
    """Each thread writes its own letter; whoever reads meanwhile finds one letter, 200,000 times."""
    path = tmp_path / "shared"
    _write_in_parts(path, "a")
    with ThreadPoolExecutor(WRITERS + 1) as threads:
        writers = [threads.submit(_write_often, path, chr(ord("a") + index)) for index in range(WRITERS)]
        while not all(writer.done() for writer in writers):
            text = path.read_text()
            assert (len(text), len(set(text))) == (LENGTH, 1)
        for writer in writers:
            writer.result()
    assert [one.name for one in tmp_path.iterdir()] == ["shared"]


def _write_often(path: Path, letter: str) -> None:
    for _ in range(ROUNDS):
        _write_in_parts(path, letter)


def _write_in_parts(path: Path, letter: str) -> None:
    with write_atomically(path) as temporary, temporary.open("w") as stream:
        for _ in range(4):
            stream.write(letter * (LENGTH // 4))
            stream.flush()


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with write_atomically(path) as temporary:
        temporary.write_text("before")
    with pytest.raises(ZeroDivisionError):
        _fail_half_way(path)
    assert path.read_text() == "before"
    assert [one.name for one in path.parent.iterdir()] == ["file"]


def _fail_half_way(path: Path) -> None:
    with write_atomically(path) as temporary:
        temporary.write_text("half of wh")
        raise ZeroDivisionError


def test_bytes_that_are_no_text_become_question_marks() -> None:
    assert as_text("caf\u00e9 \udcff.png") == "caf\u00e9 ?.png"
