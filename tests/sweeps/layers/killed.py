"""A program for test_kill: the layers command on a small network, which kills itself while the n-th finding is written.

KILL_IN_FINDING=n sends SIGKILL before the transaction ends; 0 or nothing lets it come to its end.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from core.cli import layers
from core.cli.main import main
from core.jobs.store import JobStore
from tests.sweeps.layers.by_hand import OneNetwork, sets


def _killing(count: int) -> None:
    real, calls = JobStore.advance, iter(range(count - 1))

    def advance(self: JobStore, sql: Any, *arguments: Any) -> None:
        real(self, sql, *arguments)
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    JobStore.advance = advance  # type: ignore[method-assign]


if __name__ == "__main__":
    layers.open_sets = lambda plan: sets()  # type: ignore[assignment]
    layers.shared_networks = OneNetwork  # type: ignore[assignment]
    if count := int(os.environ.get("KILL_IN_FINDING", "0")):
        _killing(count)
    sys.exit(main(["layers", *sys.argv[1:]]))
