"""RE-TRAIN: fine-tune a folded network with the quantized forward pass. In FP32 the same training is the control.

What is trained is the graph that is lowered, so that the weights found run through the same integer engine as RAW ones.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.datasets.labelled import Batch, TrainingData
from core.errors import Cancelled, RangeError, RequestError
from core.formats import NumberFormat
from core.models.preprocessing import Preprocessing
from core.quantization.fixed_point import Lengths
from core.quantization.graph import Graph
from core.quantization.lower import Quantizers
from core.quantization.options import Options, check_retrainable
from core.quantization.prepare import Prepared, check_format, quantizers
from core.quantization.score import Scores, score
from core.quantization.search import search
from core.quantization.simulate import run_float
from core.quantization.straight import TrainableGraph
from core.training.augment import random_crop
from core.training.recipe import Recipe
from core.training.run import box_loss
from core.variant import Calibration

SEARCH_PICTURES = 128


@dataclass(frozen=True)
class Progress:
    """One step: `step` of `steps` in the whole run, with the loss of its batch; at an epoch's last step with its scores.

    Epochs count from 0. Before the first step come the scores of the weights as they were: step 0, epoch -1, loss NaN.
    """

    step: int
    steps: int
    epoch: int
    loss: float
    scores: Scores | None = None


@dataclass(frozen=True)
class Outcome:
    """The graph with its retrained weights, and the quantizers that it was trained under (None in FP32) or that were found.

    `losses` has every step's; `scores` every epoch's, the first before any training; `best` is the epoch whose weights these
    are. `calibrated` says in words where the quantizers are from.
    """

    graph: Graph
    quantizers: Quantizers | None
    calibrated: str
    losses: tuple[float, ...]
    scores: tuple[Scores, ...]
    best: int
    seconds: float


def retrain(
    prepared: Prepared,
    format: NumberFormat,
    data: TrainingData,
    options: Options,
    report: Callable[[Progress], None] = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Fine-tune `prepared` for `format`: the same outcome for the same seed, unless a search for lengths ran out of time.

    Raises RequestError for a format or data that do not go with it, RangeError where training diverges, and Cancelled at the
    next step after `cancelled()` is true.
    """
    _check(prepared, format, data, options)
    start, words = _start(prepared, format, options.calibration)
    network = TrainableGraph(prepared.graph, start, format)
    run = _Run(network, data, prepared.loaded.preprocessing, options, report, cancelled)
    run.train()
    outcome = Outcome(network.graph(), start, words, tuple(run.losses), tuple(run.scores), run.best, run.seconds)
    if options.lengths == "frozen" or not isinstance(start, Lengths):
        return outcome
    return _searched(outcome, start, prepared, format, run)


def _start(prepared: Prepared, format: NumberFormat, calibration: Calibration) -> tuple[Quantizers | None, str]:
    """The quantizers to train under, and where they are from."""
    if format.kind == "float":
        return None, ""
    chosen, words, _ = quantizers(prepared, format, calibration)
    if prepared.loaded.retrained is not None:
        return chosen, words
    # What follows says whether a search is still to come: these weights are trained for the lengths as they are.
    return chosen, f"{words.partition(';')[0]}, before retraining"


def _check(prepared: Prepared, format: NumberFormat, data: TrainingData, options: Options) -> None:
    loaded = prepared.loaded
    check_format(loaded, format)
    check_retrainable(format, options)
    if loaded.card["labels"] != data.labels:
        raise RequestError(
            f"{Path(loaded.weights).name} tells other classes apart than {data.title} has.",
            "Choose data of the network's classes.",
        )


@dataclass
class _Run:
    """A training under way, and the weights of the best epoch so far."""

    network: TrainableGraph
    data: TrainingData
    preprocessing: Preprocessing
    options: Options
    report: Callable[[Progress], None]
    cancelled: Callable[[], bool]
    losses: list[float] = field(default_factory=list)
    scores: list[Scores] = field(default_factory=list)
    best: int = 0
    seconds: float = 0.0

    def train(self) -> None:
        """All epochs; then the network has the weights of the best."""
        began = time.perf_counter()
        schedule, optimizer = Recipe(peak_rate=self.options.rate), torch.optim.Adam(self.network.parameters())
        best = self._judge({})
        self.report(Progress(0, self.steps, -1, math.nan, self.scores[0]))
        for epoch in range(self.options.epochs):
            for index in self._batches(epoch):
                optimizer.param_groups[0]["lr"] = schedule.rate(len(self.losses) / self.steps)
                self._step(optimizer, self.data.train.take(index))
                self.report(Progress(len(self.losses), self.steps, epoch, self.losses[-1]))
            best = self._judge(best)
            self.report(Progress(len(self.losses), self.steps, epoch, self.losses[-1], self.scores[-1]))
        self.network.load_state_dict(best)
        self.seconds = time.perf_counter() - began

    @property
    def per_epoch(self) -> int:
        whole = max(1, len(self.data.train) // self.options.batch)
        return min(whole, self.options.steps or whole)

    @property
    def steps(self) -> int:
        return self.per_epoch * self.options.epochs

    def score(self, network: TrainableGraph) -> Scores:
        """Of the simulation, which the program follows to float rounding, over all held-back pictures."""
        return score(network, self.data.held_back, self.preprocessing, self._check_cancelled)

    def _judge(self, best: dict[str, Tensor]) -> dict[str, Tensor]:
        """Score the weights as they are; returns a copy of them if they are the best so far, else `best`."""
        self.scores.append(self.score(self.network))
        if len(self.scores) > 1 and self.scores[-1].key <= self.scores[self.best].key:
            return best
        self.best = len(self.scores) - 1
        return {name: value.clone() for name, value in self.network.state_dict().items()}

    def _batches(self, epoch: int) -> Iterator[np.ndarray]:
        """The epoch's places in the data: their order depends on the seed and the epoch alone."""
        size = self.options.batch
        order = np.random.default_rng((self.options.seed, epoch)).permutation(len(self.data.train))
        for step in range(self.per_epoch):
            yield np.sort(order[step * size : (step + 1) * size])

    def _step(self, optimizer: torch.optim.Optimizer, batch: Batch) -> None:
        self._check_cancelled()
        pictures, boxes = self._augmented(batch)
        outputs = self.network(pictures)
        loss = F.cross_entropy(outputs[0], torch.from_numpy(batch.labels))
        if batch.boxes is not None and len(outputs) > 1:
            loss = loss + self.options.box_weight * box_loss(outputs[1], boxes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        self.losses.append(float(loss.detach()))
        if not math.isfinite(self.losses[-1]):
            raise RangeError(
                f"The loss of step {len(self.losses)} is no number.", "Retrain with a lower learning rate."
            )

    def _augmented(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Random crops, seeded by the step, and their boxes: where there are none, the whole picture's."""
        generator = torch.Generator().manual_seed(self.options.seed * 1_000_003 + len(self.losses))
        none = np.tile(np.array([0, 0, 1, 1], np.float32), (len(batch.labels), 1))
        pictures, boxes = random_crop(
            self.preprocessing.normalise(batch.images),
            torch.from_numpy(none if batch.boxes is None else batch.boxes),
            self.options.smallest_crop,
            generator,
            self.data.mirrored,
        )
        return pictures.contiguous(memory_format=torch.channels_last), boxes

    def _check_cancelled(self) -> None:
        if self.cancelled():
            raise Cancelled("The retraining was stopped.", "Start it again: it begins from the weights it began with.")


def _searched(outcome: Outcome, start: Lengths, prepared: Prepared, format: NumberFormat, run: _Run) -> Outcome:
    """With lengths searched from those it was trained under, towards the FP32 answers before it; kept if they score better."""
    choose, count = np.random.default_rng(run.options.seed), len(run.data.held_back)
    pictures = run.data.held_back.take(np.sort(choose.choice(count, min(SEARCH_PICTURES, count), replace=False)))
    x = run.preprocessing.normalise(pictures.images)
    exact = run_float(prepared.graph, x)
    targets = [exact[name] for name in outcome.graph.outputs]
    found = search(outcome.graph, start, format, x, run.options.search_s, targets=targets)
    if run.score(TrainableGraph(outcome.graph, found, format)).key <= outcome.scores[outcome.best].key:
        return replace(outcome, calibrated=f"{outcome.calibrated}; a search after retraining found none better")
    words = f"greedy search over {len(pictures.labels)} held-back pictures of {run.data.title} after retraining"
    return replace(outcome, quantizers=found, calibrated=words)
