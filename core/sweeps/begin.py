"""The beginning of a sweep: load what it needs, and write down what it is begun with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version

import numpy as np

from core import settings
from core.datasets.matching import Match, match
from core.datasets.picture_set import PictureSet
from core.engines import floats
from core.environment import environment
from core.errors import RequestError
from core.models.labels import labels, synsets
from core.quantization.graph import Graph
from core.serving.networks import Networks
from core.sweeps.batches import batch_size
from core.sweeps.conditions import Conditions, VariantRecord, check_same, record
from core.sweeps.opening import notes
from core.sweeps.outcomes import UNKNOWN, Integers
from core.sweeps.plan import Plan, chosen
from core.sweeps.store import SweepStore
from core.variant import Variant


def begin(plan: Plan, store: SweepStore, data: PictureSet, networks: Networks) -> Conditions:
    """What the sweep was begun with, now or on another day. Raises RequestError where that has changed since."""
    now = _conditions(plan, data, networks)
    begun = store.conditions()
    if begun is None:
        store.begin(now)
        return now
    check_same(begun, now)
    return begun


def _conditions(plan: Plan, data: PictureSet, networks: Networks) -> Conditions:
    pictures = len(chosen(len(data), plan.limit, plan.seed))
    if not pictures:
        raise RequestError("The data set is empty.", "Give one with pictures in it.")
    records = tuple(_record(networks, variant, plan.device) for variant in plan.variants)
    return Conditions(
        data=data.fingerprint,
        pictures=pictures,
        batch=min(pictures, batch_size(_graphs(plan, networks))),
        threads=settings.cpu_threads(),
        torch=version("torch"),
        classes=data.classes,
        unmatched={kind: matched(data, kind).unmatched for kind in sorted({one.labels for one in records})},
        variants=records,
        environment=environment(plan.device),
        name=data.name,
        notes=notes(plan, data),
    )


def _record(networks: Networks, variant: Variant, device: str) -> VariantRecord:
    return record(variant, networks.of(variant), networks.executable(variant, device))


def _graphs(plan: Plan, networks: Networks) -> Iterable[Graph]:
    return (networks.of(variant).graph for variant in _loaded(plan))


def _loaded(plan: Plan) -> list[Variant]:
    """One for each file of weights: all RAW variants share theirs, RE-TRAIN has its own for each format."""
    found = {(one.network, one.weights, "" if one.regime == "raw" else one.format): one for one in plan.variants}
    return list(found.values())


def matched(data: PictureSet, kind: str) -> Match:
    """The set's classes as outputs of networks with these labels. Raises DataError where none is one."""
    return match(data.classes, data.synsets, labels(kind), synsets(kind))


def truths(data: PictureSet, pictures: Sequence[int], kind: str) -> Integers:
    """The true class of each picture as an output of networks with these labels, UNKNOWN where there is none."""
    outputs = [UNKNOWN if output is None else output for output in matched(data, kind).outputs]
    found = (data.label(picture) for picture in pictures)
    return np.array([UNKNOWN if label is None else outputs[label] for label in found], np.int64)


def fit_together(plan: Plan, networks: Networks) -> bool:
    """Whether all variants can be kept ready at once; if not, each is used for many batches before the next is loaded."""
    held = sum(floats.held_bytes(networks.of(one).folded) for one in _loaded(plan))
    held += sum(networks.executable(one, plan.device).held_bytes for one in plan.variants)
    return held <= settings.cache_bytes()
