"""A program for test_kill: the layers command on a small network, which kills itself while a finding is written.

KILL_IN="scored:3" sends SIGKILL when the part `scored` has three findings and the next is in the open transaction; empty lets
it come to its end.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from core.cli import layers
from core.cli.main import main
from core.jobs.store import JobStore
from core.sweeps.layers.store import LayersStore
from tests.sweeps.layers.by_hand import OneNetwork, sets


def _killing(part: str, there: int) -> None:
    record, advance = LayersStore.record, JobStore.advance
    due = list[bool]()

    def recording(self: LayersStore, into: Any, *arguments: Any) -> None:
        if into == part and len(self.found(into)) == there:
            due.append(True)
        record(self, into, *arguments)

    def advancing(self: JobStore, sql: Any, *arguments: Any) -> None:
        advance(self, sql, *arguments)
        if due:
            os.kill(os.getpid(), signal.SIGKILL)

    LayersStore.record = recording  # type: ignore[method-assign]
    JobStore.advance = advancing  # type: ignore[method-assign]


if __name__ == "__main__":
    layers.open_sets = lambda plan: sets()  # type: ignore[assignment]
    layers.shared_networks = OneNetwork  # type: ignore[assignment]
    if kill_in := os.environ.get("KILL_IN"):
        part, there = kill_in.split(":")
        _killing(part, int(there))
    sys.exit(main(["layers", *sys.argv[1:]]))
