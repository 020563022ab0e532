from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli.main import main
from core.models import published


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BITLENS_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.mark.usefixtures("folder")
def test_the_list_for_people_names_every_set_and_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 3 * 3
    assert lines[7].startswith("imagenet  vgg16          553.4  no: The imagenet weights of VGG-16")


def test_the_list_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "list", "--network", "googlenet", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["schema"], printed["command"]) == (1, "weights")
    assert [(row["weights"], row["network"]) for row in printed["weights"]] == [
        ("photos", "googlenet"),
        ("signs", "googlenet"),
        ("imagenet", "googlenet"),
    ]
    row = printed["weights"][2]
    assert (row["present"], row["bytes"]) == (False, 52_146_733)
    assert row["remedy"] == f"Put googlenet-1378be20.pth into {folder}, or connect to the internet and fetch it."


def test_fetch_downloads_where_the_user_said(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = b"weights" * 1000
    name = f"squeezenet1_1-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(published, "ADDRESS", f"file://{tmp_path}/")
    monkeypatch.setitem(published.PUBLISHED, "squeezenet", published.Published(name, 0.007, 1.0, 2.0))
    assert main(["weights", "fetch", "--network", "squeezenet"]) == 0
    assert (folder / name).read_bytes() == content
    captured = capsys.readouterr()
    assert "SqueezeNet: 100%" in captured.err
    assert captured.out.splitlines()[3].split() == ["imagenet", "squeezenet", "0.0", "yes"]


@pytest.mark.usefixtures("folder")
def test_failures_are_one_sentence_and_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["weights", "fetch"]) == 2
    assert "Add --network NAME." in capsys.readouterr().err
    monkeypatch.setattr(published, "ADDRESS", "http://127.0.0.1:1/")
    assert main(["weights", "fetch", "--network", "squeezenet", "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["kind"] == "weights"
    assert "cannot be reached" in captured.err


def test_the_list_needs_no_torch() -> None:
    code = "import sys; from core.cli.main import main; main(['weights']); sys.exit('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=Path(__file__).parents[2]).returncode == 0
    )
