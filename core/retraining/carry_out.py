"""Carry a retraining out: pictures, training, and the program's accuracy before and after on pictures that chose nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.compare.evaluate import Accuracy, Batch, evaluate
from core.datasets.labelled import Labelled, TrainingData
from core.formats import number_format
from core.models.preprocessing import Preprocessing
from core.quantization.options import Options
from core.quantization.retrain import Outcome, Progress, retrain
from core.quantization.retrained import save
from core.quantization.score import Scores
from core.retraining.plan import RetrainPlan
from core.retraining.store import Result, RetrainStore
from core.serving.networks import Networks
from core.training import material
from core.training.material import Scored, Wanted
from core.variant import Variant

BATCH = 100
BETWEEN_S = 1.0
PICTURES, TRAINED, SCORED = 0.1, 0.7, 0.1  # of the job: reading pictures, the training, each of the two scorings

Check = Callable[[], None]
Judged = tuple[Accuracy, Tensor]


def carry_out(
    plan: RetrainPlan,
    store: RetrainStore,
    networks: Networks,
    check: Check = lambda: None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Result:
    """From the start, even where it was cut off: the same seed gives the same outcome. `check` may raise between two steps."""
    store.begin()
    diary = _Diary(store, check)
    loaded = networks.of(plan.before).loaded
    wanted, options = Wanted(loaded.card["labels"], loaded.preprocessing), plan.options
    data = material.training(plan.data, wanted, options.most, options.seed, diary.read)
    scored = material.scored(plan.data, wanted, plan.scored, diary.read)

    def told(progress: Progress) -> None:
        diary.enter(progress)
        report(progress)

    outcome = fine_tune(networks, plan.before, data, options, Path(plan.target), told, check)
    diary.close(outcome)
    judged = [diary.judge(networks, variant, scored) for variant in (plan.before, plan.after)]
    result = _result(plan, networks, outcome, judged, scored.words, data.notes + scored.notes)
    store.finish(result)
    return result


def _result(
    plan: RetrainPlan,
    networks: Networks,
    outcome: Outcome,
    judged: Sequence[Judged],
    scored_on: str,
    notes: tuple[str, ...],
) -> Result:
    record = networks.of(plan.after).loaded.retrained
    assert record is not None  # it was just written
    seconds, once = round(outcome.seconds, 1), tuple(dict.fromkeys(notes))
    (before, was), (after, now) = judged
    changed = int((now & ~was).sum()), int((was & ~now).sum())
    return Result(plan.target, before, after, scored_on, record.as_dict(), seconds, once, *changed)


def fine_tune(
    networks: Networks,
    variant: Variant,
    data: TrainingData,
    options: Options,
    target: Path,
    report: Callable[[Progress], None],
    check: Check,
) -> Outcome:
    """Retrain what `variant` runs for its format and write `target`. What `networks` knew of either is forgotten."""
    prepared, format = networks.of(variant), number_format(variant.format)

    def cancelled() -> bool:
        check()
        return False

    outcome = retrain(prepared, format, data, options, report, cancelled)
    save(outcome, prepared.loaded, format, data, options, target)
    for weights in (variant.weights, str(target)):
        networks.forget(variant.network, weights)
    return outcome


class _Diary:
    """Writes down what has come, a second's worth at a time."""

    def __init__(self, store: RetrainStore, check: Check) -> None:
        self._store, self._check = store, check
        self._losses: list[tuple[int, float]] = []
        self._written = 0.0
        self._progress, self._steps = 0.0, 0

    def tell(self, stage: str) -> None:
        self._check()
        if self._is_time():
            self._write(stage)

    def read(self, stage: str, share: float) -> None:
        """One set after the other: the bar stands at the largest share that one has had."""
        self._progress = max(self._progress, PICTURES * share)
        self.tell(stage)

    def enter(self, progress: Progress) -> None:
        self._steps, self._progress = progress.steps, PICTURES + TRAINED * progress.step / progress.steps
        stage = f"training: step {progress.step:,} of {progress.steps:,}"
        if progress.scores is not None:
            self._write(stage, [(progress.epoch + 1, progress.scores)])
            return
        self._losses.append((progress.step, progress.loss))
        if self._is_time():
            self._write(stage)

    def close(self, outcome: Outcome) -> None:
        self._write(f"trained {len(outcome.losses):,} steps")

    def judge(self, networks: Networks, variant: Variant, scored: Scored) -> Judged:
        """What the variant's program answers for the pictures that chose nothing, and which of them it has right."""
        begun, right = self._progress, list[Tensor]()

        def count(more: Tensor) -> None:
            right.append(more)
            done = sum(map(len, right))
            self._progress = begun + SCORED * done / len(scored.pictures)
            self.tell(f"scoring {variant.title}: {done:,} of {len(scored.pictures):,} {scored.words}")

        batches = _batches(scored.pictures, networks.of(variant).loaded.preprocessing)
        accuracy = evaluate(variant, networks.executable(variant), batches, count)
        return accuracy, torch.cat(right)

    def _is_time(self) -> bool:
        return time.monotonic() - self._written >= BETWEEN_S

    def _write(self, stage: str, scores: list[tuple[int, Scores]] | None = None) -> None:
        self._store.write(stage, self._progress, self._steps, self._losses, scores or [])
        self._losses, self._written = [], time.monotonic()


def _batches(pictures: Labelled, preprocessing: Preprocessing) -> Iterator[Batch]:
    for begin in range(0, len(pictures), BATCH):
        batch = pictures.take(np.arange(begin, min(begin + BATCH, len(pictures))))
        boxes = None if batch.boxes is None else torch.from_numpy(batch.boxes)
        yield preprocessing.normalise(batch.images), torch.from_numpy(batch.labels), boxes
