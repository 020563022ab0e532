"""A job, and whether somebody still works on it."""

from __future__ import annotations

import json
import os
import socket
import time
import uuid
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
Wish = Literal["", "pause", "cancel"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")
BEAT_S = 2.0
DEAD_S = 20.0
COLUMNS = "id, kind, plan, state, wish, progress, heartbeat, owner, error, created, started, ended"


@dataclass(frozen=True)
class Job:
    """Work in a process of its own. `kind` is the command that carries it out, `plan` its JSON.

    `progress` runs from 0 to 1. `wish` is what the person asked of a running job and it has not yet done. Times are seconds
    since 1970; `heartbeat` is when its process (`owner`) last said that it is there, running or waiting for its turn. `error`
    is that of a failed job, as core.errors writes it.
    """

    id: str
    kind: str
    plan: str
    state: State
    wish: Wish
    progress: float
    heartbeat: float | None
    owner: str
    error: dict[str, str] | None
    created: float
    started: float | None
    ended: float | None

    @property
    def attended(self) -> bool:
        """Whether a live process works on it or waits for its turn. A running job that nobody attends died."""
        return self.ended is None and is_alive(self.owner, self.heartbeat)

    @property
    def seconds(self) -> float | None:
        """From its first start until it ended or now; None before that."""
        return None if self.started is None else (self.ended or time.time()) - self.started


def job(row: tuple[Any, ...]) -> Job:
    """From a row of COLUMNS."""
    values = dict(zip(COLUMNS.split(", "), row, strict=True))
    error = values.pop("error")
    return Job(error=None if error is None else json.loads(error), **values)


def new_id() -> str:
    return uuid.uuid4().hex[:8]


def new_owner(process: int | None = None) -> str:
    """This machine, a process (this one) and a token that no other claim has: "host:4711:9f2c41d0"."""
    return f"{socket.gethostname()}:{os.getpid() if process is None else process}:{new_id()}"


def is_alive(owner: str, heartbeat: float | None) -> bool:
    """No where the heart has not beaten for DEAD_S seconds; no at once where the process of this machine is gone."""
    if not owner or heartbeat is None or time.time() - heartbeat >= DEAD_S:
        return False
    host, process, _ = owner.rsplit(":", 2)
    return host != socket.gethostname() or _exists(int(process))


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
