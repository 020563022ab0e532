"""Pictures that cannot be read stop nobody, and none goes missing unnamed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from core.datasets.folder import open_folder
from core.datasets.signs.signs_set import SignsSet
from core.datasets.survey import Unreadable, pictures, survey
from core.errors import Cancelled
from tests.datasets.files import picture, two_classes, write_files

BAD = {"cat/cut.png": picture(0)[:60], "dog/empty.png": b"", "dog/phone.heic": b"ftypheic"}


def test_the_unreadable_are_counted_and_named(tmp_path: Path) -> None:
    found = survey(open_folder(write_files(tmp_path / "pets", two_classes() | BAD)))
    assert [one.title for one in found.unreadable] == list(BAD)
    assert found.readable == (0, 1, 2, 4, 5, 6)
    assert found.sentence == (
        "3 of 9 pictures cannot be read and are left out: cat/cut.png, dog/empty.png, dog/phone.heic."
    )
    assert "is empty" in found.unreadable[1].reason
    assert all(one.reason for one in found.unreadable)


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    files = {"good.png": picture(0)} | {f"x{number}.png": b"x" for number in range(12)}
    found = survey(open_folder(write_files(tmp_path / "set", files)))
    assert found.sentence.startswith("12 of 13 pictures") and found.sentence.endswith(
        "x10.png, x11.png, x2.png and 7 more."
    )


def test_nothing_is_wrong_with_signs() -> None:
    told: list[tuple[int, int]] = []
    found = survey(SignsSet(4), lambda done, total: told.append((done, total)))
    assert (found.readable, found.unreadable, found.sentence) == ((0, 1, 2, 3), (), "")
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_each_file_is_read_once_and_in_the_order_asked_for(tmp_path: Path) -> None:
    data = open_folder(write_files(tmp_path / "pets", two_classes() | BAD))
    found = list(pictures(data, [8, 3, 0]))
    assert [index for index, _ in found] == [8, 3, 0]
    assert isinstance(found[0][1], Unreadable) and isinstance(found[1][1], Unreadable)
    assert isinstance(found[2][1], Image.Image)


def test_it_can_be_stopped() -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled("Stopped.", "Start again.")

    with pytest.raises(Cancelled):
        survey(SignsSet(1_000), stop)
