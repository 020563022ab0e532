from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.environment import _cpu, commit, environment


def test_environment_says_what_ran_without_importing_torch() -> None:
    code = "import sys; from core.environment import environment; environment(); print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
    found = environment("cuda:0")
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["device"] == "cuda:0"
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"HEAD": "abc123\n"}, "abc123"),
        ({"HEAD": "ref: refs/heads/main\n", "refs/heads/main": "def456\n"}, "def456"),
        ({"HEAD": "ref: refs/heads/main\n", "packed-refs": "# pack\n789abc refs/heads/main\n"}, "789abc"),
        ({"HEAD": "ref: refs/heads/main\n"}, None),
    ],
)
def test_commit_of_each_kind_of_checkout(tmp_path: Path, files: dict[str, str], expected: str | None) -> None:
    for name, text in files.items():
        (tmp_path / ".git" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / ".git" / name).write_text(text)
    assert commit(tmp_path) == expected


def test_commit_of_a_worktree(tmp_path: Path) -> None:
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / "HEAD").write_text("abc123\n")
    (tmp_path / ".git").write_text(f"gitdir: {tmp_path / 'git'}\n")
    assert commit(tmp_path) == "abc123"


def test_commit_of_a_worktree_on_a_branch(tmp_path: Path) -> None:
    """The branch's commit is in the clone's own folder, not in the worktree's."""
    own = tmp_path / "clone" / "worktrees" / "tree"
    (tmp_path / "clone" / "refs" / "heads").mkdir(parents=True)
    (tmp_path / "clone" / "refs" / "heads" / "side").write_text("def456\n")
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/side\n")
    (own / "commondir").write_text("../..\n")
    (tmp_path / ".git").write_text(f"gitdir: {own}\n")
    assert commit(tmp_path) == "def456"


def test_cpu_name_is_read_from_linux(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor : 0\nmodel name\t: A CPU @ 2 GHz\nmodel name\t: A CPU @ 2 GHz\n")
    assert _cpu(info) == "A CPU @ 2 GHz"
