from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.datasets.archive import unpacked
from core.errors import StoreError, WeightsError
from core.serving import uploads
from tests.datasets.files import two_classes, write_zip
from tests.weights import lively_weights


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_file_keeps_its_name_and_its_bytes() -> None:
    path = uploads.keep("my weights.pth", b"abc", list)
    assert (path.name, path.read_bytes()) == ("my_weights.pth", b"abc")
    written = path.stat().st_mtime_ns
    assert uploads.keep("my weights.pth", b"abc", list) == path
    assert path.stat().st_mtime_ns == written
    assert uploads.keep("my weights.pth", b"abd", list) != path


@pytest.mark.parametrize("name", ["../../x.pth", "..\\..\\x.pth", "/etc/x.pth", "a/../../x.pth"])
def test_no_name_leads_out_of_the_folder(name: str, cache: Path) -> None:
    path = uploads.keep(name, b"abc", list)
    assert path.name == "x.pth"
    assert path.parent.parent == cache / "uploads"


def test_the_latest_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_KEPT", 2)
    paths = []
    for place, data in enumerate((b"a", b"b", b"a", b"c")):
        paths.append(uploads.keep("x.pth", data, list))
        os.utime(paths[-1].parent, (place, place))
    assert [path.exists() for path in paths] == [True, False, True, True]


def test_what_is_named_is_kept_beside_the_latest_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_KEPT", 1)
    named = [str(uploads.keep("x.zip", b"a", list)), "signs:5", "/elsewhere/x.zip"]
    paths = [uploads.keep("x.zip", data, lambda: named) for data in (b"a", b"b", b"c")]
    assert [path.exists() for path in paths] == [True, False, True]


def test_what_was_unpacked_goes_with_its_zip(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_KEPT", 1)
    elsewhere = unpacked(write_zip(tmp_path / "own.zip", two_classes(9)))
    paths = [tmp_path / f"{seed}.zip" for seed in range(3)]
    named = [str(uploads.keep("0.zip", write_zip(paths[0], two_classes(1)).read_bytes(), list))]
    sets = [unpacked(write_zip(path, two_classes(seed))) for seed, path in enumerate(paths, 1)]
    for path in paths:
        uploads.keep(path.name, path.read_bytes(), lambda: named)
    assert [folder.exists() for folder in (elsewhere, *sets)] == [True, True, False, True]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "file"))
    with pytest.raises(StoreError, match=r"x.pth cannot be kept: .*BITLENS_CACHE"):
        uploads.keep("x.pth", b"abc", list)


def test_the_network_of_a_file_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = uploads.keep("lively.safetensors", Path(lively_weights(tmp_path)).read_bytes(), list)
    found = uploads.layout(path)
    assert (found.network, found.kind) == ("squeezenet", "compact")
    monkeypatch.setattr(uploads, "identify", None)
    assert uploads.layout(path) is found


def test_a_file_of_no_network_is_an_error_that_names_it_and_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    path = uploads.keep("broken.safetensors", b"abc", list)
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"broken.safetensors"):
            uploads.layout(path)
        monkeypatch.setattr(uploads, "identify", None)
