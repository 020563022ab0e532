"""Networks and variants kept ready to run: loaded once, shared by all sessions, forgotten when memory is needed."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import cache
from typing import Any

from core import settings
from core.engines import floats
from core.models.regimes import content, weights_of
from core.models.weights import load_network
from core.quantization.calibration import statistics_for
from core.quantization.prepare import Executable, Prepared, executable, prepare
from core.serving.cache import LeastRecent
from core.variant import Calibration, Variant


class Networks:
    """Loads, prepares and lowers on first use. One thread loads at a time; what is returned must not be changed."""

    def __init__(self) -> None:
        self._kept: LeastRecent[Prepared | Executable] = LeastRecent(settings.cache_bytes(), _bytes)
        self._lock = threading.Lock()

    def prepared(self, network: str, weights: str) -> Prepared:
        return self.of(Variant(network, weights, "fp32"))

    def of(self, variant: Variant) -> Prepared:
        """The network that a variant runs: with its weights, or with what was retrained from them for its format."""
        with self._lock:
            return self._prepare(variant)

    def executable(self, variant: Variant, device: str = "cpu") -> Executable:
        """Ready to run; lowered once.

        What holds nothing of its own is not kept: it would keep a network alive that was forgotten, and nobody would count it.
        """
        with self._lock:
            key = (variant, device, content(variant))
            found = self._kept.get(key)
            if not isinstance(found, Executable):
                prepared = self._prepare(variant)
                found = executable(prepared, variant.number_format, variant.calibration, device)
                if found.held_bytes:
                    self._kept.put(key, found)
            return found

    def forget(self, network: str, weights: str) -> None:
        """After a search or a retraining: the next use of these weights reads what is known of them again, and lowers anew."""

        def concerned(key: tuple[Any, ...]) -> bool:
            variant = key[0]
            return isinstance(variant, Variant) and (variant.network, variant.weights) == (network, weights)

        with self._lock:
            self._kept.drop((network, weights))
            self._kept.drop_where(concerned)

    def _prepare(self, variant: Variant) -> Prepared:
        raw = variant.regime == "raw"
        own = replace(variant, calibration=Calibration()), "prepared", content(variant)
        key = (variant.network, variant.weights) if raw else own
        found = self._kept.get(key)
        if not isinstance(found, Prepared):
            found = prepare(load_network(variant.network, weights_of(variant)), statistics_for)
            self._kept.put(key, found)
        return found


def _bytes(kept: Prepared | Executable) -> int:
    """Of the weights, which is nearly all there is: a prepared network and its graph hold them once, in FP32."""
    return kept.held_bytes if isinstance(kept, Executable) else floats.held_bytes(kept.folded)


@cache
def shared_networks() -> Networks:
    return Networks()
