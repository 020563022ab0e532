"""Outcomes written down by hand, in a store: what tables and all that follows from them are tested on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.formats import number_format
from core.sweeps.conditions import Conditions, VariantRecord
from core.sweeps.outcomes import UNKNOWN, Outcomes
from core.sweeps.plan import Plan
from core.sweeps.rows import Table, table
from core.sweeps.store import SweepStore
from tests.sweeps.fakes import begun


def _record(network: str, weights: str, name: str, regime: str) -> VariantRecord:
    native = name.startswith(("fp", "bf"))
    return VariantRecord(
        network=network,
        weights=weights,
        weights_name=Path(weights).name,
        format=name,
        regime=regime,
        engine="torch" if native else "reference",
        arithmetic="native" if native else "emulated",
        calibrated="by hand",
        preliminary=name == "fixed4",
        weight_bytes=125 * number_format(name).weight_bits,
        labels="photos",
        weights_sha256="a",
        program_sha256="b",
    )


def conditions(chosen: Plan, pictures: int, batch: int = 100) -> Conditions:
    records = tuple(_record(one.network, one.weights, one.format, one.regime) for one in chosen.variants)
    return Conditions("of the set", pictures, batch, 1, "2.14", ("goldfish",), {"photos": ()}, records, {"cores": 2})


def outcomes(right: Sequence[bool], begin: int = 0, labelled: bool = True, wrong: int = 9) -> Outcomes:
    """The true class is 0; a wrong answer is `wrong`, and the true one is then third."""
    hits = np.array(right, bool)
    return Outcomes(
        pictures=np.arange(begin, begin + len(hits), dtype=np.int64),
        truth=np.full(len(hits), 0 if labelled else UNKNOWN, np.int64),
        rank=np.where(hits, 1, 3) * int(labelled),
        prediction=np.where(hits, 0, wrong).astype(np.int64),
        score=np.full(len(hits), 0.5),
        probability=np.full(len(hits), 0.5 if labelled else np.nan),
    )


def filled(
    path: Path, chosen: Plan, found: dict[int, list[Outcomes]], seconds: float = 0.5
) -> tuple[SweepStore, Table]:
    store = begun(path, chosen)
    begin = conditions(chosen, 1000)
    store.begin(begin)
    for number, batches in found.items():
        for batch, answered in enumerate(batches):
            store.record(number, batch, answered, seconds * (100 if batch == 0 else 1), 0.5)
    return store, table(store, begin)
