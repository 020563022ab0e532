"""Accuracy of variants over a labelled set: Top-1, Top-5 and the box's mean IoU."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torchvision.ops import box_iou

from core.engines.scores import check_finite, ranking
from core.quantization.prepare import Executable
from core.variant import Variant


@dataclass(frozen=True)
class Accuracy:
    """Over `images` pictures: percentages of `top1` and `top5` hits, mean IoU of the box (None without a box head)."""

    network: str
    weights: str
    format: str
    regime: str
    engine: str
    arithmetic: str
    calibrated: str
    images: int
    top1: float
    top5: float
    iou: float | None
    retrained: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


Batch = tuple[Tensor, Tensor, Tensor | None]


def evaluate(
    variant: Variant, executable: Executable, batches: Iterable[Batch], report: Callable[[Tensor], None]
) -> Accuracy:
    """`batches` hold preprocessed pictures [n, 3, h, w], labels [n] and boxes [n, 4] or None; `report` receives for each of
    them which first answers are right, bool [n].

    Raises RangeError or WeightsError where an output is no number: it has no rank, or no overlap, that could be counted.
    """
    images, first, five, overlap, boxed = 0, 0, 0, 0.0, False
    for pictures, labels, boxes in batches:
        outputs = [output.cpu() for output in executable.run(pictures)]
        check_finite(outputs, variant)
        hits = ranking(outputs[0])[:, :5] == labels[:, None]
        images += len(labels)
        first += int(hits[:, 0].sum())
        five += int(hits.any(dim=1).sum())
        if boxed := len(outputs) > 1 and boxes is not None:
            overlap += _overlap(outputs[1], boxes)
        report(hits[:, 0])
    return Accuracy(
        *(variant.network, variant.weights, variant.format, variant.regime),
        *(executable.engine, executable.arithmetic, executable.calibrated),
        images=images,
        top1=100 * first / images,
        top5=100 * five / images,
        iou=overlap / images if boxed else None,
        retrained=executable.retrained,
    )


def _overlap(found: Tensor, boxes: Tensor) -> float:
    """The sum of each box's IoU with its own true box."""
    return float(box_iou(_ordered(found.clamp(0, 1)), boxes.double()).diagonal().sum())


def _ordered(boxes: Tensor) -> Tensor:
    """Corners sorted, so that a box is never inside out."""
    corners = boxes.view(-1, 2, 2)
    return torch.cat((corners.amin(dim=1), corners.amax(dim=1)), dim=1)
