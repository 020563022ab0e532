"""A problem that a few thousand weights learn in seconds, and that few bits spoil: which way stripes run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from core.datasets.labelled import TrainingData
from core.models.preprocessing import COMPACT, Preprocessing
from core.models.weights import LoadedNetwork
from core.quantization.graph import Graph
from core.quantization.prepare import Prepared, prepare
from core.quantization.statistics import Statistics, collect
from tests.quantization.networks import small

SMALL = Preprocessing(16, 1.0, COMPACT.mean, COMPACT.std)
CLASSES = 10


@dataclass(frozen=True)
class Gratings:
    """Pictures of stripes under noise, 18 degrees from class to class; boxes are the whole picture's, or None."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    boxes: NDArray[np.float32] | None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.int64]) -> Gratings:
        return Gratings(self.images[index], self.labels[index], None if self.boxes is None else self.boxes[index])


def gratings(count: int, seed: int, boxes: bool = True) -> Gratings:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, CLASSES, count)
    angle = (labels * np.pi / CLASSES)[:, None, None]
    y, x = np.mgrid[0:16, 0:16]
    phase = generator.uniform(0, 2 * np.pi, (count, 1, 1))
    waves = np.sin(1.2 * (x * np.cos(angle) + y * np.sin(angle)) + phase)
    noisy = 128 + 50 * waves[:, None] + generator.normal(0, 30, (count, 3, 16, 16))
    corners = np.tile(np.array([0.0, 0.0, 1.0, 1.0], np.float32), (count, 1)) if boxes else None
    return Gratings(np.clip(noisy, 0, 255).astype(np.uint8), labels, corners)


def data(train: int = 1024, held_back: int = 500, boxes: bool = True) -> TrainingData:
    return TrainingData(
        "Gratings", "d" * 64, "photos", gratings(train, 0, boxes), gratings(held_back, 1, boxes), mirrored=False
    )


def prepared(network: torch.nn.Module | None = None) -> Prepared:
    """The small network with random weights, or `network`, calibrated on gratings."""

    def statistics(loaded: LoadedNetwork, graph: Graph) -> Statistics:
        return Statistics(collect(graph, [SMALL.normalise(gratings(64, 2).images)]), "64 gratings", loaded.fingerprint)

    module = small() if network is None else network
    return prepare(LoadedNetwork("small", "x.pth", module, SMALL, (), "f" * 64, True, {"labels": "photos"}), statistics)


@cache
def trained() -> torch.nn.Module:
    """The small network after a few epochs in FP32."""
    torch.manual_seed(0)
    network, split = small().train(), gratings(2048, 3)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for step in range(128):
        batch = split.take(np.arange(64) + 64 * (step % 32))
        scores = network(SMALL.normalise(batch.images))[0]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(scores, torch.from_numpy(batch.labels)).backward()
        optimizer.step()
    return network.eval()
