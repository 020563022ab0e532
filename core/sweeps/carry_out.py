"""Carry a plan out: every variant over the same batches of pictures, each finished batch written down before the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice

import numpy as np
import torch

from core import settings
from core.datasets.picture_set import PictureSet
from core.errors import DataError, RangeError, WeightsError
from core.serving.networks import Networks
from core.sweeps.batches import Batch, ahead, prepare
from core.sweeps.begin import begin, fit_together, truths
from core.sweeps.fine_tuning import fine_tune_missing
from core.sweeps.outcomes import Integers, Outcomes, measure
from core.sweeps.plan import Plan, chosen
from core.sweeps.store import SweepStore

MANY = 16  # batches for each variant in turn, where the variants cannot be kept ready together


def carry_out(
    plan: Plan,
    store: SweepStore,
    data: PictureSet,
    networks: Networks,
    check: Callable[[], None] = lambda: None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Run what of `plan` is not in `store` yet, after fine-tuning what RE-TRAIN has no weights for.

    `report` is told how many pictures have been answered, over all variants, and of how many. `check` is called after each
    batch of each variant and may raise. So may anything, or the process may be killed: what was finished is not run again,
    and in the end the outcomes are the same.
    """
    with threads(settings.cpu_threads()):
        fine_tune_missing(plan, store, data, networks, check)
    sweep = _Sweep(plan, store, data, networks, report)
    with threads(sweep.conditions.threads):
        for group in _groups(ahead(sweep.makers()), 1 if fit_together(plan, networks) else MANY):
            for number in range(len(plan.variants)):
                for batch in filter(partial(sweep.needs, number), group):
                    sweep.run(number, batch)
                    check()
    if not any(finished.images for finished in store.finished()) and not store.failures():
        raise DataError("None of the pictures can be read.", "Check the files, and that they are pictures.")


class _Sweep:
    """What is needed again and again while a plan is carried out."""

    def __init__(
        self,
        plan: Plan,
        store: SweepStore,
        data: PictureSet,
        networks: Networks,
        report: Callable[[int, int], None],
    ) -> None:
        self.conditions = begin(plan, store, data, networks)
        self._plan, self._store, self._data, self._networks, self._report = plan, store, data, networks, report
        self._pictures = chosen(len(data), plan.limit, plan.seed)
        kinds = {one.labels for one in self.conditions.variants}
        self._truths = {kind: truths(data, self._pictures, kind) for kind in kinds}
        self._finished = {(one.variant, one.batch) for one in store.finished()}
        self._failed = set(store.failures())
        self._done = sum(self._size(batch) for _, batch in self._finished)
        self._total = len(self._pictures) * len(plan.variants)
        self._before = store.reserved()
        report(self._done, self._total)

    def makers(self) -> Iterator[Callable[[], Batch]]:
        """One for each batch that some variant still needs."""
        wanted = [self._networks.of(one).loaded.preprocessing for one in self._plan.variants]
        for batch in range(self.conditions.batches):
            if any(self._needs(number, batch) for number in range(len(self._plan.variants))):
                yield partial(prepare, self._data, batch, self._pictures[self._part(batch)], wanted)

    def run(self, number: int, batch: Batch) -> None:
        """One variant on one batch."""
        if batch.skipped:
            self._store.skip(batch.skipped)
        measured = self._measure(number, batch)
        if measured is None:
            return
        self._finished.add((number, batch.number))
        self._done += self._size(batch.number)
        self._store.record(number, batch.number, *measured, self._progress)
        self._report(self._done, self._total)

    @property
    def _progress(self) -> float:
        """Of the job: the fine-tuning's share is done."""
        return self._before + (1 - self._before) * self._done / self._total

    def _measure(self, number: int, batch: Batch) -> tuple[Outcomes, float] | None:
        """None where the variant's answers are no numbers: that is written down, and the variant is not run again."""
        if not batch.pictures:
            return Outcomes.from_rows([]), 0.0
        variant = self._plan.variants[number]
        executable = self._networks.executable(variant, self._plan.device)
        preprocessing = self._networks.of(variant).loaded.preprocessing
        truth = self._truth(number, batch)
        try:
            return measure(variant, executable, batch.inputs[preprocessing], np.array(batch.pictures, np.int64), truth)
        except (RangeError, WeightsError) as error:
            self._store.fail(number, error)
            self._failed.add(number)
            return None

    def _truth(self, number: int, batch: Batch) -> Integers:
        part = self._part(batch.number)
        read = np.isin(self._pictures[part], batch.pictures)
        return self._truths[self.conditions.variants[number].labels][part][read]

    def needs(self, number: int, batch: Batch) -> bool:
        return self._needs(number, batch.number)

    def _needs(self, number: int, batch: int) -> bool:
        return number not in self._failed and (number, batch) not in self._finished

    def _part(self, batch: int) -> slice:
        return slice(batch * self.conditions.batch, (batch + 1) * self.conditions.batch)

    def _size(self, batch: int) -> int:
        return len(self._pictures[self._part(batch)])


def _groups(batches: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    waiting = iter(batches)
    while group := list(islice(waiting, size)):
        yield group


@contextmanager
def threads(count: int) -> Iterator[None]:
    """As many as the sweep was begun with."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
