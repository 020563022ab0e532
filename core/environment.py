"""What results were computed with, and the commit the code stands at."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.settings import REPOSITORY


def environment(device: str = "cpu") -> dict[str, str | int | None]:
    """What the results were computed with; None for what cannot be known. Imports no torch, which takes seconds."""
    return {
        "bitlens": commit(),
        "python": platform.python_version(),
        "torch": _installed("torch"),
        "torchvision": _installed("torchvision"),
        "platform": f"{sys.platform} {platform.machine()}",
        "cpu": _cpu(Path("/proc/cpuinfo")),
        "cores": os.cpu_count(),
        "device": device,
    }


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu(cpuinfo: Path) -> str | None:
    """The processor's name: from Linux where it says so, else what Python knows."""
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or None


def commit(checkout: Path = REPOSITORY) -> str | None:
    """The commit checked out, read without the git program, which a server may lack; None outside a clone."""
    git = _git_folder(checkout)
    head = _text(git / "HEAD")
    if head is None or not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    # A worktree's branch lies with those of the clone that it belongs to.
    folders = [git, git / (_text(git / "commondir") or ".")]
    found = [_text(folder / name) for folder in folders]
    return next(filter(None, found), None) or _packed(folders[-1] / "packed-refs", name)


def _git_folder(checkout: Path) -> Path:
    """`.git`; or what it names where it is a file, as in a worktree and a submodule, which may be relative to the checkout."""
    git = checkout / ".git"
    text = _text(git)
    return git if text is None else checkout / text.removeprefix("gitdir: ")


def _packed(refs: Path, name: str) -> str | None:
    """The commit beside a branch's name: "789abc refs/heads/main" says 789abc of refs/heads/main."""
    lines = (_text(refs) or "").splitlines()
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), None)


def _text(path: Path) -> str | None:
    return path.read_text().strip() if path.is_file() else None
