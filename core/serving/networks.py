"""Networks and variants kept ready to run: loaded once, shared by all sessions, forgotten when memory is needed."""

from __future__ import annotations

import threading
from functools import cache

from core import settings
from core.models.weights import load_network
from core.quantization.calibration import statistics_for
from core.quantization.prepare import Executable, Prepared, executable, prepare
from core.serving.cache import LeastRecent
from core.variant import Variant


class Networks:
    """Loads, prepares and lowers on first use. One thread loads at a time; what is returned must not be changed."""

    def __init__(self) -> None:
        self._prepared: LeastRecent[Prepared] = LeastRecent(settings.cache_bytes(), _prepared_bytes)
        self._executables: LeastRecent[Executable] = LeastRecent(settings.cache_bytes(), _executable_bytes)
        self._lock = threading.Lock()

    def prepared(self, network: str, weights: str) -> Prepared:
        with self._lock:
            return self._prepare(network, weights)

    def executable(self, variant: Variant, device: str = "cpu") -> Executable:
        """Ready to run; lowered once."""
        with self._lock:
            key = (variant, device)
            found = self._executables.get(key)
            if found is None:
                prepared = self._prepare(variant.network, variant.weights)
                found = executable(prepared, variant.number_format, variant.calibration, device)
                self._executables.put(key, found)
            return found

    def forget(self, network: str, weights: str) -> None:
        """After a search: the next use reads the calibration statistics again. Programs are soon lowered, so all of them go."""
        with self._lock:
            self._prepared.drop((network, weights))
            self._executables.clear()

    def _prepare(self, network: str, weights: str) -> Prepared:
        found = self._prepared.get((network, weights))
        if found is None:
            loaded = load_network(network, weights)
            found = prepare(loaded, lambda graph: statistics_for(loaded, graph))
            self._prepared.put((network, weights), found)
        return found


def _prepared_bytes(prepared: Prepared) -> int:
    return sum(parameter.numel() * 4 for parameter in prepared.folded.parameters())


def _executable_bytes(executable: Executable) -> int:
    return executable.weight_bytes


@cache
def shared_networks() -> Networks:
    return Networks()
