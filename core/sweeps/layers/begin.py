"""The beginning of a job of layers: open what it needs, and write down what it is begun with."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from core import settings
from core.datasets.opening import open_set
from core.datasets.picture_set import PictureSet
from core.engines import reference
from core.environment import environment
from core.errors import RequestError
from core.quantization.prepare import Executable, Prepared
from core.serving.networks import Networks
from core.sweeps.batches import batch_size
from core.sweeps.begin import matched
from core.sweeps.layers.plan import LayersPlan
from core.sweeps.layers.records import LayersConditions
from core.sweeps.layers.store import LayersStore
from core.sweeps.layers.subject import BASE, WIDE, Subject
from core.sweeps.plan import chosen
from core.variant import Variant


@dataclass(frozen=True)
class Sets:
    """Pictures to search on and pictures to score: none of the second has chosen anything."""

    searched: PictureSet
    scored: PictureSet


def open_sets(plan: LayersPlan) -> Sets:
    """Its splits val and test. Raises DataError."""
    return Sets(open_set(plan.data, "val"), open_set(plan.data, "test"))


@dataclass(frozen=True)
class Begun:
    """All that a job of layers works with."""

    plan: LayersPlan
    conditions: LayersConditions
    sets: Sets = field(repr=False)
    prepared: Prepared = field(repr=False)
    subject: Subject = field(repr=False)
    fp32: Executable = field(repr=False)

    @property
    def searched(self) -> list[int]:
        return chosen(len(self.sets.searched), self.plan.search, self.plan.seed)

    @property
    def scored(self) -> list[int]:
        return chosen(len(self.sets.scored), self.plan.limit, self.plan.seed)

    @property
    def variant(self) -> Variant:
        """FP32's."""
        return _fp32(self.plan)


def begin(plan: LayersPlan, store: LayersStore, sets: Sets, networks: Networks) -> Begun:
    """The job as it was begun, now or on another day. Raises RequestError where that has changed since."""
    prepared = networks.prepared(plan.network, plan.weights)
    subject = Subject(prepared, plan.calibration)
    now = _conditions(plan, sets, prepared, subject)
    before = store.conditions()
    if before is None:
        store.begin(now)
    else:
        _check_same(before, now)
    return Begun(plan, before or now, sets, prepared, subject, networks.executable(_fp32(plan)))


def _conditions(plan: LayersPlan, sets: Sets, prepared: Prepared, subject: Subject) -> LayersConditions:
    widths = sorted({*plan.bits, *range(2, BASE.weight_bits + 1), WIDE.weight_bits})
    calibrated, preliminary = subject.calibrated(widths)
    labels = str(prepared.loaded.card["labels"])
    return LayersConditions(
        network=plan.network,
        weights=plan.weights,
        weights_sha256=prepared.loaded.fingerprint,
        labels=labels,
        layers=subject.layers,
        left_out=subject.left_out,
        batch=batch_size([subject.graph]),
        threads=settings.cpu_threads(),
        torch=version("torch"),
        engine=reference.NAME,
        arithmetic=reference.ARITHMETIC,
        calibrated=calibrated,
        preliminary=preliminary,
        environment=environment(),
        **_of_pictures(plan, sets, labels),
    )


def _of_pictures(plan: LayersPlan, sets: Sets, labels: str) -> dict[str, Any]:
    """The fields of conditions that say which pictures there are."""
    searched, scored = sets.searched, sets.scored
    return {
        "searched": searched.name,
        "searched_sha256": searched.fingerprint,
        "searched_pictures": min(len(searched), plan.search),
        "scored": scored.name,
        "scored_sha256": scored.fingerprint,
        "scored_pictures": len(chosen(len(scored), plan.limit, plan.seed)),
        "classes": len(scored.classes),
        "unmatched": matched(scored, labels).unmatched,
        "notes": tuple(dict.fromkeys((*searched.notes, *scored.notes))),
    }


def _fp32(plan: LayersPlan) -> Variant:
    return Variant(plan.network, plan.weights, "fp32")


def _check_same(before: LayersConditions, now: LayersConditions) -> None:
    """The batches and threads are those that it was begun with, whatever this machine has now."""
    changed = {
        "the data set": ("searched_sha256", "scored_sha256", "searched_pictures", "scored_pictures"),
        "the network": ("weights_sha256", "layers"),
        "the choice of its fractional lengths": ("calibrated",),
        f"torch ({before.torch} then, {now.torch} now)": ("torch",),
    }
    names = [
        name for name, fields in changed.items() if any(getattr(before, one) != getattr(now, one) for one in fields)
    ]
    if names:
        raise RequestError(
            f"Since this job was begun, {', '.join(names)} has changed: its results would be of two kinds.",
            "Begin a new one; what this one has found stays where it is.",
        )
