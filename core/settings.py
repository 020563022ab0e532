"""Folders and limits, from the environment. Read when asked for, so that a test can set them."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
ASSETS = REPOSITORY / "assets"


def cache_folder() -> Path:
    """Where downloads, decoded data sets and checkpoints go: BITLENS_CACHE, else the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bitlens"
    return Path(os.environ.get("BITLENS_CACHE", default))
