"""Measure assignments on the search pictures, each once ever, running only what follows the first changed layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property

from core import settings
from core.engines import shared
from core.engines.program import Program
from core.engines.shared import Run
from core.quantization.mixed import Mixed
from core.sweeps.layers.begin import Begun
from core.sweeps.layers.pictures import Searched, searched
from core.sweeps.layers.records import Bits, Closeness, Step
from core.sweeps.layers.store import LayersStore
from core.sweeps.layers.subject import WIDE


class Trying:
    """What is in the store is read from there; all else is measured and written down at once."""

    def __init__(self, begun: Begun, store: LayersStore, tell: Callable[[float], None]) -> None:
        """`tell` hears of the progress behind each measurement, and may raise."""
        self._begun, self._store, self._subject, self._tell = begun, store, begun.subject, tell
        self._alone = store.found("sensitivity")
        self._mixed = {name: Step(**row | {"bits": tuple(row["bits"])}) for name, row in store.found("search").items()}
        self._here: tuple[Bits, Run] | None = None
        self._last: tuple[Bits, Run] | None = None

    def alone(self, place: int | None, bits: int, progress: float) -> None:
        """One layer at so many bits, all else at 16; None is the baseline, with no layer apart."""
        name = "-" if place is None else f"{place:04d}/{bits:02d}"
        if name in self._alone:
            return
        layer = None if place is None else self._subject.layers[place]
        run = self._wide if layer is None else self._wide.then(self._subject.alone(layer.name, bits))
        row = {
            "layer": "" if layer is None else layer.name,
            "title": "" if layer is None else layer.title,
            "bits": WIDE.weight_bits if layer is None else bits,
            "found": asdict(self._close(run)),
        }
        self._store.record("sensitivity", {name: row}, progress)
        self._tell(progress)

    def mixed(self, bits: Bits, at: Bits, progress: float) -> Step:
        """An assignment that differs in one layer from `at`, where the search stands."""
        name = ",".join(map(str, bits))
        if name not in self._mixed:
            run = self._stand(at).then(self._subject.mixed(bits))
            close = self._close(run)
            step = Step(bits, run.program.weight_bytes, close.divergence, close.agreement.percent)
            self._store.record("search", {name: asdict(step)}, progress)
            self._mixed[name], self._last = step, (bits, run)
            self._tell(progress)
        return self._mixed[name]

    def _stand(self, at: Bits) -> Run:
        """The run of the assignment that the search stands at: the one just tried, as a rule, or made anew."""
        if self._here is None or self._here[0] != at:
            program = self._subject.mixed(at)
            if self._last is not None and self._last[0] == at:
                self._here = self._last
            elif self._here is not None:
                self._here = (at, self._here[1].then(program))
            else:
                self._here = (at, self._whole(program))
        return self._here[1]

    def _close(self, run: Run) -> Closeness:
        return self._pictures.closeness(run.outputs)

    def _whole(self, program: Program) -> Run:
        return shared.run(program, self._pictures.batches, settings.batch_bytes())

    @cached_property
    def _wide(self) -> Run:
        """The baseline: all at 16 bits."""
        return self._whole(self._subject.program(Mixed(WIDE)))

    @cached_property
    def _pictures(self) -> Searched:
        begun = self._begun
        like, conditions = begun.prepared.loaded.preprocessing, begun.conditions
        numbers, data = begun.searched, begun.sets.searched
        found = searched(data, numbers, conditions.batch, like, conditions.labels, begun.fp32, begun.variant)
        self._store.skip(found.skipped, "val")
        return found
