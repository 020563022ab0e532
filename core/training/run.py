"""Train a network to tell classes apart and to find the main object's box: from a seed, resumable at any step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import box_iou, generalized_box_iou_loss

from core.datasets.labelled import Batch, Labelled
from core.engines.scores import ranking
from core.environment import commit
from core.errors import DataError, RequestError
from core.files import write_atomically
from core.training.augment import normalise, random_crop, resize
from core.training.optimizer import KernelMuon
from core.training.recipe import Recipe

STEPS_BETWEEN_CHECKPOINTS = 200


@dataclass(frozen=True)
class Progress:
    """One step: `step` of `steps` in the whole run, with the loss of its batch."""

    step: int
    steps: int
    epoch: int
    loss: float


@dataclass
class Run:
    """A training under way: what a checkpoint holds."""

    network: nn.Module
    optimizer: KernelMuon
    recipe: Recipe
    step: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    commit: str | None = field(default_factory=commit)

    def save(self, path: Path) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "history": self.history,
            "recipe": self.recipe.as_dict(),
            "commit": self.commit,
        }
        with write_atomically(path) as temporary:
            torch.save(state, temporary)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint. Raises RequestError where it was trained by another recipe."""
        state = torch.load(path, weights_only=True)
        if Recipe.from_dict(state["recipe"]) != self.recipe:
            raise RequestError(
                f"{path.name} was begun with another recipe.",
                f"Train into another folder, or with {Recipe.from_dict(state['recipe']).options}.",
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds, self.history = state["step"], state["seconds"], state["history"]
        self.commit = state["commit"]


def start(network: nn.Module, recipe: Recipe) -> Run:
    return Run(network, KernelMuon(network, recipe.momentum, recipe.weight_decay), recipe)


def train(run: Run, data: Labelled, held_back: Labelled, checkpoint: Path, report: Callable[[Progress], None]) -> Run:
    """Carry `run` on to its end. A checkpoint is written every 200 steps and at each epoch's end, with its held-back scores."""
    per_epoch = len(data) // run.recipe.batch
    total = per_epoch * run.recipe.epochs
    for epoch in range(run.step // per_epoch, run.recipe.epochs):
        for batch in _batches(data, run, epoch, per_epoch):
            began = time.perf_counter()
            loss = _step(run, batch, run.recipe.side(epoch), run.step / total)
            run.step += 1
            run.seconds += time.perf_counter() - began
            report(Progress(run.step, total, epoch, loss))
            # At an epoch's end the checkpoint waits for its scores: resumed from one without, they would be lost.
            if run.step % STEPS_BETWEEN_CHECKPOINTS == 0 and run.step % per_epoch:
                run.save(checkpoint)
        run.history.append({"epoch": epoch + 1, **evaluate(run.network, held_back)})
        run.save(checkpoint)
    return run


def _batches(data: Labelled, run: Run, epoch: int, per_epoch: int) -> Iterator[Batch]:
    """The epoch's batches from the run's step on: the order depends on the seed and the epoch alone."""
    order = np.random.default_rng((run.recipe.seed, epoch)).permutation(len(data))
    size = run.recipe.batch
    for index in range(run.step % per_epoch, per_epoch):
        yield data.take(np.sort(order[index * size : (index + 1) * size]))


def _step(run: Run, batch: Batch, side: int, progress: float) -> float:
    """One update. Randomness (crops, dropout) is seeded by the step, so that a resumed run repeats an unbroken one."""
    torch.manual_seed(run.recipe.seed * 1_000_003 + run.step)
    generator = torch.Generator().manual_seed(run.recipe.seed * 1_000_003 + run.step)
    images, recipe = resize(normalise(torch.from_numpy(batch.images)), side), run.recipe
    images, boxes = random_crop(images, _boxes(batch), recipe.smallest_crop, generator, recipe.mirror)
    run.network.train()
    with torch.autocast("cpu", torch.bfloat16):
        scores, found = run.network(images.contiguous(memory_format=torch.channels_last))
    loss = _loss(recipe, scores.float(), found.float(), torch.from_numpy(batch.labels), boxes)
    run.optimizer.step(loss, recipe.rate(progress))
    return float(loss.detach())


def _boxes(batch: Batch) -> Tensor:
    if batch.boxes is None:
        raise DataError("These pictures have no boxes, and the network is to find them.", "Give a set with boxes.")
    return torch.from_numpy(batch.boxes)


def _loss(recipe: Recipe, scores: Tensor, found: Tensor, labels: Tensor, boxes: Tensor) -> Tensor:
    """Cross entropy with label smoothing, plus the box's loss."""
    classes = F.cross_entropy(scores, labels, label_smoothing=recipe.label_smoothing)
    return classes + recipe.box_weight * box_loss(found, boxes)


def box_loss(found: Tensor, boxes: Tensor) -> Tensor:
    """Of boxes [n, 4] as fractions of the side: generalised IoU (Rezatofighi et al. 2019) plus four times the smooth L1."""
    ordered = torch.cat((found[:, :2], torch.maximum(found[:, 2:], found[:, :2] + 1e-3)), dim=1)
    overlap = generalized_box_iou_loss(ordered, boxes, reduction="mean")
    return overlap + 4 * F.smooth_l1_loss(found, boxes, beta=0.1)


@dataclass(frozen=True)
class Outcome:
    """For each picture: whether the right class was first, and among five; and the IoU of the box. All [n]."""

    first: Tensor
    five: Tensor
    overlap: Tensor

    @property
    def scores(self) -> dict[str, float]:
        """Top-1 and Top-5 in percent and the mean IoU of the box."""
        top1, top5 = (100 * float(hits.double().mean()) for hits in (self.first, self.five))
        return {"top1": top1, "top5": top5, "iou": float(self.overlap.double().mean())}


@torch.inference_mode()
def outcome(network: nn.Module, split: Labelled, batch: int = 250) -> Outcome:
    """In FP32 at the pictures' own size. Of equal scores, the class with the smaller number is before the other."""
    network.eval()
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for begin in range(0, len(split), batch):
        part = split.take(np.arange(begin, min(begin + batch, len(split))))
        scores, boxes = network(normalise(torch.from_numpy(part.images)).contiguous(memory_format=torch.channels_last))
        best = ranking(scores)[:, :5]
        hits = best == torch.from_numpy(part.labels)[:, None]
        corners = boxes.clamp(0, 1).view(-1, 2, 2).sort(dim=1).values  # a box that is inside out is turned
        overlap = box_iou(corners.flatten(1), _boxes(part)).diagonal()
        found.append((hits[:, 0], hits.any(dim=1), overlap))
    first, five, overlap = (torch.cat(parts) for parts in zip(*found, strict=True))
    return Outcome(first, five, overlap)


def evaluate(network: nn.Module, split: Labelled) -> dict[str, float]:
    """Top-1 and Top-5 in percent and the mean IoU of the box."""
    return outcome(network, split).scores
