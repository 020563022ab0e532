"""A program for test_kill: the sweep command on pictures made by hand, with a process that may kill itself.

KILL_IN_BATCH=n sends SIGKILL while the n-th batch is being written, before the transaction ends. RUNS names a file that
receives a line for every batch an engine runs.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.cli import sweep
from core.cli.main import main
from core.errors import DataError
from core.jobs.store import JobStore
from core.models.labels import labels
from core.sweeps import carry_out as module


class Noise:
    name, fingerprint = "Noise", "noise"
    classes: tuple[str, ...] = labels("photos")[:10]
    synsets: tuple[str | None, ...] = (None,) * 10
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return 40

    def title(self, index: int) -> str:
        return f"{index}.png"

    def picture(self, index: int) -> Image.Image:
        if index == 17:
            raise DataError("17.png cannot be read.", "Save it again.")
        coarse = np.random.default_rng(index).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        return Image.fromarray(coarse.repeat(9, 0).repeat(8, 1))

    def label(self, index: int) -> int | None:
        return index % 10


def _killing(count: int) -> None:
    real, calls = JobStore.advance, iter(range(count - 1))

    def advance(self: JobStore, sql: Any, *arguments: Any) -> None:
        real(self, sql, *arguments)
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    JobStore.advance = advance  # type: ignore[method-assign]


def _counting(file: Path) -> None:
    real = module.measure

    def measure(variant: Any, executable: Any, x: Any, pictures: Any, truth: Any) -> Any:
        with file.open("a") as stream:
            stream.write(f"{variant.format} {pictures[0]}\n")
        return real(variant, executable, x, pictures, truth)

    module.measure = measure


if __name__ == "__main__":
    sweep.opened = lambda plan: Noise()
    _counting(Path(os.environ["RUNS"]))
    if count := int(os.environ.get("KILL_IN_BATCH", "0")):
        _killing(count)
    sys.exit(main(["sweep", *sys.argv[1:]]))
