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
    git = checkout / ".git"
    if git.is_file():  # a worktree's: it names the folder
        git = Path(git.read_text().strip().removeprefix("gitdir: "))
    head = git / "HEAD"
    if not head.is_file():
        return None
    text = head.read_text().strip()
    if not text.startswith("ref: "):
        return text
    name, shared = text.removeprefix("ref: "), git / "commondir"
    if shared.is_file():  # a worktree's branches are with those of the clone that it was made from
        git = git / shared.read_text().strip()
    if (git / name).is_file():
        return (git / name).read_text().strip()
    packed = git / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), None)
