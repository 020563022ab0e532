from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from core.errors import WeightsError
from core.models import files
from core.models.files import read_tensors

TENSORS = {"a.weight": torch.arange(12.0).reshape(3, 4), "a.bias": torch.tensor([1.5, -2.0]).half()}


class Exploit:
    """Runs a command where it is unpickled with its code."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.mark}",)


def _same(read: dict[str, torch.Tensor]) -> bool:
    return read.keys() == TENSORS.keys() and all(
        torch.equal(read[key], value) and read[key].dtype == value.dtype for key, value in TENSORS.items()
    )


def test_safetensors_are_read_off_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file(TENSORS, path)
    read = read_tensors(path)
    with path.open("r+b") as stream:
        stream.write(b"\xff" * path.stat().st_size)
    assert _same(read)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {"epoch": 3, "state_dict": state}])
def test_torch_files_flat_or_wrapped(tmp_path: Path, zipped: bool, wrap: Callable[[Any], Any]) -> None:
    torch.save(wrap(TENSORS), tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    assert _same(read_tensors(tmp_path / "x.pth"))


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
def test_pickled_code_is_named_and_not_run(tmp_path: Path, zipped: bool) -> None:
    content = {**TENSORS, "b": Exploit(tmp_path / "mark")}
    torch.save(content, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match=r"x.pth holds pickled code \(posix.system\), which is never run") as caught:
        read_tensors(tmp_path / "x.pth")
    assert "weights_only" not in str(caught.value)
    assert not (tmp_path / "mark").exists()
    torch.load(tmp_path / "x.pth", weights_only=False)
    assert (tmp_path / "mark").exists()  # it would have run


def test_a_whole_module_is_code_too(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "x.pth")
    with pytest.raises(WeightsError, match=r"pickled code \(torch.nn.modules.linear.Linear\).*state_dict\(\)"):
        read_tensors(tmp_path / "x.pth")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([torch.ones(1)], "holds a single list, not tensors by name"),
        (torch.ones(1), "holds a single Tensor, not tensors by name"),
        ({"a": 3}, "holds 'a' of type int, not a tensor by name"),
        ({3: torch.ones(1)}, "holds 3 of type Tensor, not a tensor by name"),
        ({"network": TENSORS, "step": 1}, "holds 'network' of type dict, not a tensor by name"),
    ],
)
def test_other_content_is_named(tmp_path: Path, content: Any, words: str) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(WeightsError, match=words):
        read_tensors(tmp_path / "x.pth")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.95])
def test_a_truncated_file_says_so(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"x{suffix}"
    if suffix == ".pth":
        torch.save(TENSORS, path)
    else:
        save_file(TENSORS, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WeightsError, match="cut off|truncated"):
        read_tensors(path)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@given(content=st.binary(min_size=1, max_size=200) | st.builds(pickle.dumps, st.lists(st.integers() | st.text())))
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_foreign_bytes_never_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("foreign") / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError):
        read_tensors(path)


def test_a_compressed_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", b"\0" * 1_000_000)
    with pytest.raises(WeightsError, match="compressed records"):
        read_tensors(tmp_path / "x.pth")


def test_what_is_refused_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError, match=r"There is no file .*x.pth"):
        read_tensors(tmp_path / "x.pth")
    (tmp_path / "x.pth").touch()
    with pytest.raises(WeightsError, match="x.pth is empty"):
        read_tensors(tmp_path / "x.pth")
    (tmp_path / "x.onnx").write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"x.onnx is not a weights file.*\.safetensors, \.pth, \.pt"):
        read_tensors(tmp_path / "x.onnx")
    torch.save(TENSORS, tmp_path / "large.pth")
    monkeypatch.setattr(files, "LIMIT_BYTES", 1000)
    with pytest.raises(WeightsError, match=r"large.pth has \d+ MB; at most \d+ MB are read"):
        read_tensors(tmp_path / "large.pth")


def test_vgg16_fits_the_limit() -> None:
    assert files.LIMIT_BYTES > 527.796 * 2**20


def test_the_checksum_follows_the_content(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert files.sha256(path).startswith("ba7816bf")  # FIPS 180-2, appendix B.1
    path.write_bytes(b"abcd")
    assert files.sha256(path).startswith("88d4266f")
