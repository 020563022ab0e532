"""How good weights are on held-back pictures: what an epoch is chosen by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.datasets.labelled import Labelled
from core.engines.scores import ranking
from core.models.preprocessing import Preprocessing

AT_ONCE = 250


@dataclass(frozen=True)
class Scores:
    """Over held-back pictures: Top-1 and Top-5 in percent, and the mean cross entropy in nats."""

    top1: float
    top5: float
    loss: float

    @property
    def key(self) -> tuple[float, float]:
        """Larger is better: Top-1, and of equals the smaller cross entropy."""
        return self.top1, -self.loss


@torch.no_grad()
def score(
    network: Callable[[Tensor], tuple[Tensor, ...]],
    pictures: Labelled,
    preprocessing: Preprocessing,
    before_batch: Callable[[], None] = lambda: None,
) -> Scores:
    """Equal scores count in the order of the classes, as everywhere."""
    first, five, loss = 0, 0, 0.0
    for begin in range(0, len(pictures), AT_ONCE):
        before_batch()
        batch = pictures.take(np.arange(begin, min(begin + AT_ONCE, len(pictures))))
        labels = torch.from_numpy(batch.labels)
        x = preprocessing.normalise(batch.images).contiguous(memory_format=torch.channels_last)
        found = network(x)[0]
        hits = ranking(found)[:, :5] == labels[:, None]
        first, five = first + int(hits[:, 0].sum()), five + int(hits.any(dim=1).sum())
        loss += float(F.cross_entropy(found, labels, reduction="sum"))
    return Scores(100 * first / len(pictures), 100 * five / len(pictures), loss / len(pictures))
