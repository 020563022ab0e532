"""What is to be tried layer by layer, as a value: the same plan is the same work, on any day and machine."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import RequestError
from core.formats import NARROWEST, WIDEST
from core.models.catalog import architecture
from core.variant import Calibration

SCHEMA = 1
SEARCH = 200
WIDTHS = (2, 3, 4, 6, 8)


@dataclass(frozen=True)
class LayersPlan:
    """One network, layer by layer, on the pictures of `data`.

    `bits` are the widths that each layer is tried at alone. What is searched for is searched for on `search` pictures of the
    set's split val, and scored on `limit` of its split test, None all; which ones follows from `seed` alone.
    """

    network: str
    weights: str
    data: str
    bits: tuple[int, ...] = WIDTHS
    limit: int | None = None
    search: int = SEARCH
    seed: int = 0
    calibration: Calibration = Calibration()

    def __post_init__(self) -> None:
        """Raises RequestError for a network that does not exist, a width that FIXED-N does not have, or too few pictures."""
        architecture(self.network)
        object.__setattr__(self, "bits", tuple(sorted(set(self.bits))))
        wrong = [bits for bits in self.bits if not NARROWEST <= bits <= WIDEST]
        if wrong or not self.bits:
            said = f"A layer cannot have {wrong[0]} bits." if wrong else "The plan names no widths."
            raise RequestError(said, f"Give widths from {NARROWEST} to {WIDEST}, such as 2,4,8.")
        if min(self.search, self.search if self.limit is None else self.limit) < 1:
            raise RequestError("The plan takes no pictures.", "Give at least 1 to search on and 1 to score.")

    def to_json(self) -> str:
        return json.dumps({"schema": SCHEMA, **asdict(self)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> LayersPlan:
        """The inverse of `to_json`. Raises RequestError for anything else."""
        try:
            values: dict[str, Any] = json.loads(text)
            if values.pop("schema") != SCHEMA:
                raise ValueError("another schema")
            chosen = {"bits": tuple(values["bits"]), "calibration": Calibration(**values["calibration"])}
            return cls(**values | chosen)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RequestError(f"This is not the plan of a job of layers ({error}).", "Begin a new one.") from error
