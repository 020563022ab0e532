"""Folders and limits, from the environment. Read when asked for, so that a test can set them."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import RequestError

REPOSITORY = Path(__file__).resolve().parent.parent
ASSETS = REPOSITORY / "assets"
CPU_MAX = Path("/sys/fs/cgroup/cpu.max")  # of Linux's control groups, version 2: quota and period in microseconds


def cache_folder() -> Path:
    """Where downloads, decoded data sets and checkpoints go: BITLENS_CACHE, else the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bitlens"
    return Path(os.environ.get("BITLENS_CACHE", default))


def cache_bytes() -> int:
    """Memory for networks kept ready, in bytes: BITLENS_CACHE_MB megabytes, 2,000 by default."""
    return _whole("BITLENS_CACHE_MB", 2000) * 1_000_000


def batch_bytes() -> int:
    """Memory for the values of one batch of a sweep, in bytes: BITLENS_BATCH_MB megabytes, 512 by default."""
    return _whole("BITLENS_BATCH_MB", 512) * 1_000_000


def cpu_threads() -> int:
    """Threads for arithmetic: OMP_NUM_THREADS where it is a whole number above 0, else the processors this process may use.

    A container that is given 2 of a machine's 64 processors gets 2: by its set of processors, or by its share of their time.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").strip()
    if asked.isdecimal() and int(asked):
        return int(asked)
    usable = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )  # Linux alone has it
    return min(usable, _time_share(CPU_MAX) or usable)


def _time_share(limit: Path) -> int | None:
    """Processors' worth of time that the control group grants, rounded up; None without a limit: "150000 100000" is 2."""
    try:
        quota, period = map(int, limit.read_text().split())
    except (OSError, ValueError):  # no such file, or "max" for the quota
        return None
    return max(1, -(-quota // period)) if period > 0 else None


def calibration_folder() -> Path | None:
    """A folder of pictures to calibrate on, for weights that come without statistics: BITLENS_CALIBRATION."""
    folder = os.environ.get("BITLENS_CALIBRATION")
    return Path(folder) if folder else None


def weights_folders() -> tuple[Path, ...]:
    """Where published weights are looked for, and downloaded to the first: BITLENS_WEIGHTS, torch hub's checkpoints.

    The second is what `torch.hub.get_dir()` says, worked out here because importing torch takes seconds.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    hub = Path(os.environ.get("TORCH_HOME", cache / "torch")).expanduser() / "hub" / "checkpoints"
    named = os.environ.get("BITLENS_WEIGHTS")
    return (Path(named).expanduser(), hub) if named else (hub,)


def max_upload_bytes() -> int:
    """The largest picture file that is read: BITLENS_MAX_UPLOAD_MB megabytes, 50 by default."""
    return _whole("BITLENS_MAX_UPLOAD_MB", 50) * 1_000_000


def max_set_bytes() -> int:
    """The most that a zipped data set may hold once it is unpacked: BITLENS_MAX_SET_MB megabytes, 2,000 by default."""
    return _whole("BITLENS_MAX_SET_MB", 2000) * 1_000_000


def max_pixels() -> int:
    """The most pixels that are decoded: BITLENS_MAX_MEGAPIXELS million, 52 by default (208 MB: Pillow keeps 4 bytes for each).

    A phone's "50 megapixels" are up to 8,192 x 6,144, which is 50.3 million.
    """
    return _whole("BITLENS_MAX_MEGAPIXELS", 52) * 1_000_000


def _whole(name: str, default: int) -> int:
    """The whole number in an environment variable; `default` where it is unset or empty. Raises RequestError."""
    text = os.environ.get(name, "").strip()
    if text and not text.isdecimal():
        raise RequestError(
            f"{name} is {text!r}, which is no whole number.", f"Set it to one, such as {default}, or leave it unset."
        )
    return int(text or default)
