from __future__ import annotations

import json
import os
import shutil
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


@pytest.mark.parametrize("named", ["{}/git", "git", "../checkout/git"])
def test_commit_where_a_file_names_the_folder(tmp_path: Path, named: str) -> None:
    """In full, or from the checkout on, as submodules have it."""
    checkout = tmp_path / "checkout"
    (checkout / "git").mkdir(parents=True)
    (checkout / "git" / "HEAD").write_text("abc123\n")
    (checkout / ".git").write_text(f"gitdir: {named.format(checkout)}\n")
    assert commit(checkout) == "abc123"


def git(folder: Path, *arguments: str) -> str:
    """What git prints, whatever the user's own settings are."""
    settings = ("user.name=Somebody", "user.email=somebody@example.org", "commit.gpgsign=false")
    command = ["git", *(part for one in settings for part in ("-c", one)), *arguments]
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="the git program is missing")
@pytest.mark.parametrize("packed", [False, True])
def test_commit_of_real_worktrees(tmp_path: Path, packed: bool) -> None:
    """On a branch of its own and on none, one commit ahead of the clone that they belong to."""
    clone, linked, free = (tmp_path / name for name in ("clone", "linked", "free"))
    clone.mkdir()
    git(clone, "init", "--quiet", "--initial-branch=main")
    git(clone, "commit", "--quiet", "--allow-empty", "--message=first")
    git(clone, "worktree", "add", "--quiet", "-b", "topic/one", str(linked))
    git(clone, "worktree", "add", "--quiet", "--detach", str(free))
    for folder in (linked, free):
        git(folder, "commit", "--quiet", "--allow-empty", f"--message={folder.name}")
    if packed:
        git(clone, "pack-refs", "--all", "--prune")
    found = [commit(folder) for folder in (clone, linked, free)]
    assert found == [git(folder, "rev-parse", "HEAD") for folder in (clone, linked, free)]
    assert len(set(found)) == 3


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
