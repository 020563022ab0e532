"""What holds for every test: a cache of its own, and no internet."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

# The same examples on every machine, however slow it is.
hypothesis.settings.register_profile("bitlens", deadline=None, derandomize=True)
hypothesis.settings.load_profile("bitlens")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Downloads, caches and checkpoints go to an empty folder, and none of the user's settings or weights is found."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("BITLENS_")]:
            patch.delenv(name)
        patch.setenv("BITLENS_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("torch")))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_internet() -> Iterator[None]:
    """A connection from this process to any other machine fails the test that asked for it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_own(address[0]):
            pytest.fail(f"a test reached for {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def _is_own(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback
