"""How much of the engines' own speed a sweep keeps: the rest goes to reading pictures, writing outcomes and waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from torch import Tensor

from core.datasets.picture_set import PictureSet
from core.jobs.database import Database
from core.jobs.records import new_owner
from core.jobs.store import JobStore
from core.models.preprocessing import Preprocessing
from core.serving.networks import Networks
from core.sweeps.batches import prepare
from core.sweeps.carry_out import carry_out, threads
from core.sweeps.conditions import Conditions
from core.sweeps.plan import Plan, chosen
from core.sweeps.store import SweepStore
from core.variant import Variant

Inputs = list[dict[Preprocessing, Tensor]]


@dataclass(frozen=True)
class Seconds:
    """By the clock, and of all this process's threads on the processor."""

    clock: float
    processor: float

    @classmethod
    def of(cls, work: Callable[[], object]) -> Seconds:
        clock, processor = time.perf_counter(), time.process_time()
        work()
        return cls(time.perf_counter() - clock, time.process_time() - processor)


@dataclass(frozen=True)
class Round:
    """Of a whole sweep, and of the same variants on the same batches, prepared beforehand."""

    sweep: Seconds
    engines: Seconds

    @property
    def ratio(self) -> float:
        """The sweep's pictures per second by the engines' own: 10 s by engines that take 9 s are 0.9."""
        return self.engines.clock / self.sweep.clock

    @property
    def processor_ratio(self) -> float:
        """The same by processor time, which other programs disturb less."""
        return self.engines.processor / self.sweep.processor


@dataclass(frozen=True)
class Benchmark:
    """A plan over pictures that can be swept again and again."""

    plan: Plan
    data: PictureSet
    networks: Networks

    def warm_up(self) -> Conditions:
        """One sweep that is not counted: it loads and lowers."""
        return self._swept()[0]

    def rounds(self, count: int, conditions: Conditions) -> Iterator[Round]:
        """Sweep and engines in turn, so that a machine that slows down slows both; each round begins with the other one."""
        inputs = self._inputs(conditions.batch)
        with threads(conditions.threads):
            for number in range(count):
                if number % 2:
                    engines, sweep = self._engines(inputs), self._swept()[1]
                else:
                    sweep, engines = self._swept()[1], self._engines(inputs)
                yield Round(sweep, engines)

    def _swept(self) -> tuple[Conditions, Seconds]:
        """Into a store of its own, which is thrown away."""
        with TemporaryDirectory(prefix="bitlens-bench-") as folder:
            jobs = JobStore(Database(Path(folder) / "jobs.sqlite"))
            job, owner = jobs.add("sweep", self.plan.to_json()), new_owner()
            jobs.claim(job.id, owner)
            store = SweepStore(jobs, job.id, owner)
            seconds = Seconds.of(lambda: carry_out(self.plan, store, self.data, self.networks))
            conditions = store.conditions()
        assert conditions is not None  # carry_out begins with them
        return conditions, seconds

    def _inputs(self, size: int) -> Inputs:
        pictures = chosen(len(self.data), self.plan.limit, self.plan.seed)
        wanted = [self.networks.of(one).loaded.preprocessing for one in self.plan.variants]
        parts = (pictures[begin : begin + size] for begin in range(0, len(pictures), size))
        return [prepare(self.data, number, part, wanted).inputs for number, part in enumerate(parts)]

    def _engines(self, inputs: Inputs) -> Seconds:
        def run_all() -> None:
            for batch in inputs:
                for variant in self.plan.variants:
                    self._run(variant, batch)

        return Seconds.of(run_all)

    def _run(self, variant: Variant, batch: dict[Preprocessing, Tensor]) -> list[Tensor]:
        """A GPU has finished when its values are here."""
        x = batch[self.networks.of(variant).loaded.preprocessing]
        return [output.cpu() for output in self.networks.executable(variant, self.plan.device).run(x)]
