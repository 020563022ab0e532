"""A small network, pictures of noise and a store for tests of layers: two seconds for a whole job."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from core.errors import DataError
from core.formats import number_format
from core.jobs.database import Database
from core.jobs.records import new_owner
from core.jobs.store import JobStore
from core.models.labels import labels
from core.models.preprocessing import Preprocessing
from core.quantization.calibrators import CALIBRATORS
from core.quantization.fixed_point import nearest_lengths
from core.quantization.graph import fold, trace
from core.quantization.prepare import Executable, Prepared, executable
from core.quantization.statistics import Statistics, collect
from core.sweeps.layers.begin import Sets
from core.sweeps.layers.plan import LayersPlan
from core.sweeps.layers.store import LayersStore
from core.variant import Calibration, Variant
from tests.quantization.networks import pictures, small

LIKE = Preprocessing(16, 1.0, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
PLAN = LayersPlan("squeezenet", "photos", "noise", bits=(2, 5), limit=14, search=12)


@cache
def prepared() -> Prepared:
    folded = fold(small())
    graph = trace(folded, 16)
    ranges = collect(graph, [pictures(16)])
    lengths = {bits: nearest_lengths(graph, ranges, bits, bits, CALIBRATORS["mse"]) for bits in range(2, 12)}
    found = Statistics(ranges, "pictures by hand", "0" * 64, lengths, "pictures by hand")
    card = {"labels": "photos"}
    loaded: Any = SimpleNamespace(
        preprocessing=LIKE, fingerprint="of the weights", card=card, retrained=None, weights="photos"
    )
    return Prepared(loaded, folded, graph, lambda: found)


class OneNetwork:
    """In place of core.serving's networks."""

    def prepared(self, network: str, weights: str) -> Prepared:
        return prepared()

    def executable(self, variant: Variant, device: str = "cpu") -> Executable:
        return executable(prepared(), number_format(variant.format), Calibration(), device)


class Noise:
    """`total` pictures of one split; those whose number is in `broken` cannot be read."""

    classes: tuple[str, ...] = labels("photos")[:10]
    synsets: tuple[str | None, ...] = (None,) * 10
    notes: tuple[str, ...] = ()

    def __init__(self, split: str, total: int = 40, broken: tuple[int, ...] = (), labelled: bool = True) -> None:
        self.name, self.fingerprint = f"Noise ({split})", f"noise {split} {total}"
        self.read: Counter[int] = Counter()
        self._seed, self._total, self._broken, self._labelled = len(split), total, broken, labelled

    def __len__(self) -> int:
        return self._total

    def title(self, index: int) -> str:
        return f"{index}.png"

    def picture(self, index: int) -> Image.Image:
        self.read[index] += 1
        if index in self._broken:
            raise DataError(f"{index}.png cannot be read.", "Save it again.")
        return Image.fromarray(np.random.default_rng([self._seed, index]).integers(0, 256, (16, 16, 3), dtype=np.uint8))

    def label(self, index: int) -> int | None:
        return index % 10 if self._labelled else None


def sets(**changes: Any) -> Sets:
    return Sets(Noise("val", **changes), Noise("test", **changes))


def begun(path: Path, plan: LayersPlan = PLAN) -> LayersStore:
    """A store in which the plan is a job that this process carries out."""
    jobs = JobStore(Database(path / "jobs.sqlite"))
    job, owner = jobs.add("layers", plan.to_json()), new_owner()
    assert jobs.claim(job.id, owner)
    return LayersStore(jobs, job.id, owner)
