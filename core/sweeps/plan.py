"""What a sweep is to do, as a value: the same plan is the same work, on any day and machine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from core.errors import RequestError
from core.formats import number_format
from core.models.catalog import architecture
from core.variant import Calibration, Variant

SCHEMA = 1
REGIMES = ("raw", "retrain")
BASELINE = "fp32"
_LISTS = ("networks", "weights", "formats", "regimes")


@dataclass(frozen=True)
class Plan:
    """Every network with every weights in every format and regime, over the pictures of `data`.

    `data` names a set as on the command line. `limit` takes that many of its pictures, None all; which ones follows from
    `seed` alone, and those of a smaller limit are among those of a larger one. `retrained` are those of the formats that
    RE-TRAIN takes, empty for all that can be.
    """

    networks: tuple[str, ...]
    weights: tuple[str, ...]
    formats: tuple[str, ...]
    data: str
    regimes: tuple[str, ...] = ("raw",)
    limit: int | None = None
    seed: int = 0
    calibration: Calibration = Calibration()
    device: str = "cpu"
    retrained: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises RequestError for a name that does not exist, an empty list or a limit below 1."""
        for option in _LISTS:
            object.__setattr__(self, option, _distinct(option, getattr(self, option)))
        for network in self.networks:
            architecture(network)
        object.__setattr__(self, "formats", _distinct("formats", [number_format(name).name for name in self.formats]))
        object.__setattr__(self, "retrained", tuple(dict.fromkeys(number_format(name).name for name in self.retrained)))
        unknown = [regime for regime in self.regimes if regime not in REGIMES]
        if unknown:
            raise RequestError(f"There is no regime named {unknown[0]!r}.", f"Choose from: {', '.join(REGIMES)}.")
        if not set(self.retrained) <= set(self._retrainable):
            raise RequestError("Not all formats to retrain are among the sweep's own.", "Name them in --formats too.")
        if self.retrains and not self._retrainable:
            raise RequestError(
                "None of these formats is retrained.",
                "Add FIXED-N or INT8, or fp32 for the control alone, or choose RAW.",
            )
        if self.limit is not None and self.limit < 1:
            raise RequestError(f"The limit is {self.limit} pictures.", "Give at least 1, or none.")

    @property
    def variants(self) -> tuple[Variant, ...]:
        """In the order of the table: network by network, then weights, regime and format.

        With RE-TRAIN there is always FP32, RAW and fine-tuned with the same budget: the one is what all are compared with, the
        other says what more training alone would give. Other float formats are not retrained.
        """
        return tuple(
            Variant(network, weights, format, regime, self.calibration)
            for network in self.networks
            for weights in self.weights
            for regime, formats in self._rows.items()
            for format in formats
        )

    @property
    def retrains(self) -> bool:
        return "retrain" in self.regimes

    @property
    def _rows(self) -> dict[str, tuple[str, ...]]:
        """The formats of each regime."""
        if not self.retrains:
            return dict.fromkeys(self.regimes, self.formats)
        asked = dict.fromkeys(self.regimes, self.formats)
        asked["retrain"] = self.retrained or self._retrainable
        if "raw" not in asked:
            asked = {"raw": (), **asked}
        return {name: found if BASELINE in found else (BASELINE, *found) for name, found in asked.items()}

    @property
    def _retrainable(self) -> tuple[str, ...]:
        return tuple(name for name in self.formats if is_retrainable(name))

    def to_json(self) -> str:
        """Without formats to retrain where none are named, as before there were any."""
        values = {name: value for name, value in asdict(self).items() if name != "retrained" or value}
        return json.dumps({"schema": SCHEMA, **values}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The inverse of `to_json`. Raises RequestError for anything else."""
        try:
            values: dict[str, Any] = json.loads(text)
            if values.pop("schema") != SCHEMA:
                raise ValueError("another schema")
            values |= {name: tuple(values[name]) for name in _LISTS}
            values["retrained"] = tuple(values.get("retrained", ()))
            return cls(**values | {"calibration": Calibration(**values["calibration"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RequestError(f"This is not the plan of a sweep ({error}).", "Begin a new sweep.") from error

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits: equal plans have equal ones."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]


def is_retrainable(format: str) -> bool:
    """FIXED-N and INT8; and FP32, which is fine-tuned as their control."""
    return format == BASELINE or number_format(format).kind != "float"


def _distinct(option: str, names: Any) -> tuple[str, ...]:
    """In the order given, each once."""
    found = tuple(dict.fromkeys(names))
    if not found or not all(isinstance(name, str) for name in found):
        raise RequestError(f"The plan names no {option}.", "Name one or more.")
    return found


def chosen(total: int, limit: int | None, seed: int) -> list[int]:
    """Which of `total` pictures a plan takes, in ascending order: all, or the `limit` first in an order drawn by a hash.

    A hash, because the order that a library's generator draws may change from one version to the next.
    """
    if limit is None or limit >= total:
        return list(range(total))
    return sorted(sorted(range(total), key=lambda index: (_drawn(seed, index), index))[:limit])


def _drawn(seed: int, index: int) -> bytes:
    return hashlib.sha256(f"{seed}:{index}".encode()).digest()
