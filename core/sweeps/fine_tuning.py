"""The first part of a sweep with RE-TRAIN: fine-tune what has no retrained weights yet, all with the same budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from core.datasets.labelled import TrainingData
from core.datasets.picture_set import PictureSet
from core.models import regimes
from core.models.catalog import architecture
from core.models.retrained import make_folder
from core.quantization.options import budget
from core.quantization.retrain import Progress
from core.retraining.carry_out import fine_tune
from core.serving.networks import Networks
from core.sweeps.checking import missing
from core.sweeps.plan import Plan
from core.sweeps.store import SweepStore
from core.training import material
from core.training.material import Wanted
from core.variant import Variant

SHARE = 0.75  # of the job's progress
PICTURES = 0.1  # of a fine-tuning's own
BETWEEN_S = 1.0


def fine_tune_missing(
    plan: Plan, store: SweepStore, data: PictureSet, networks: Networks, check: Callable[[], None]
) -> None:
    """A finished file is not made again; a fine-tuning that was cut off begins again, and comes out the same.

    `check` is called between two steps and may raise. Raises RequestError as core.sweeps.checking does.
    """
    wanted = missing(plan, data)
    if wanted:
        phase = _Phase(store, networks, check, store.reserve(SHARE, len(wanted)))
        for number, (variant, text) in enumerate(wanted):
            phase.fine_tune(variant, text, len(wanted) - number)
        store.at_stage("", SHARE)


class _Phase:
    """What is shared by all fine-tunings: the pictures, and how far the job is."""

    def __init__(self, store: SweepStore, networks: Networks, check: Callable[[], None], parts: int) -> None:
        self._store, self._networks, self._check = store, networks, check
        self._parts = parts
        self._sets: dict[tuple[str, Wanted], TrainingData] = {}
        self._progress, self._told = store.jobs.get(store.job).progress, 0.0
        self._title, self._part = "", 0

    def fine_tune(self, variant: Variant, text: str, left: int) -> None:
        self._part = self._parts - left
        self._title = f"{architecture(variant.network).title} {variant.number_format.title}"
        loaded = self._networks.of(replace(variant, regime="raw")).loaded
        wanted = Wanted(loaded.card["labels"], loaded.preprocessing)
        options = budget(wanted.labels)
        if (text, wanted) not in self._sets:
            self._sets[text, wanted] = material.training(text, wanted, options.most, options.seed, self._read)
        target = regimes.target(variant.network, variant.weights, variant.format)
        make_folder(target)
        raw, training = replace(variant, regime="raw"), self._sets[text, wanted]
        fine_tune(self._networks, raw, training, options, target, self._report, self._check)

    def _report(self, progress: Progress) -> None:
        self._reach(PICTURES + (1 - PICTURES) * progress.step / progress.steps)
        self._tell(f"step {progress.step:,} of {progress.steps:,}")

    def _read(self, doing: str, share: float) -> None:
        self._reach(PICTURES * share)
        self._tell(doing)

    def _reach(self, share: float) -> None:
        """Of this fine-tuning. Never back, though one that was cut off begins again."""
        self._progress = max(self._progress, SHARE * min(1.0, (self._part + share) / self._parts))

    def _tell(self, doing: str) -> None:
        self._check()
        if time.monotonic() - self._told >= BETWEEN_S:
            words = f"Fine-tuning {self._title}, {self._part + 1} of {self._parts}: {doing}."
            self._store.at_stage(words, self._progress)
            self._told = time.monotonic()
