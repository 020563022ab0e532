"""Small networks for tests: every kind of layer that is lowered, in a few thousand weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


class Small(nn.Module):
    """Convolutions with batch norm, concat, ceil-mode max-pool, add, average pool, flatten, linear; two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.left = nn.Conv2d(8, 6, 1)
        self.right = nn.Sequential(nn.Conv2d(8, 10, 3, padding=1, groups=2), nn.ReLU())
        self.skip = nn.Conv2d(16, 16, 3, padding=1)
        self.shrink = nn.AdaptiveAvgPool2d(4)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(16 * 16, 10))
        self.box = nn.Linear(16 * 16, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.pool(self.stem(x))
        x = torch.cat([self.left(x), self.right(x)], 1)
        x = torch.relu(self.skip(x) + x)
        x = nn.functional.relu(x)
        x = torch.flatten(nn.functional.dropout(self.shrink(x), training=self.training), 1)
        return self.head(x), self.box(x)


def small(seed: int = 0) -> nn.Module:
    """With random weights and batch norm statistics that are not those of a fresh network."""
    torch.manual_seed(seed)
    network = Small().train()
    with torch.no_grad():
        for _ in range(5):
            network(torch.randn(16, 3, 16, 16) * 1.5 + 0.3)
    return network.eval()


def pictures(count: int = 8, side: int = 16, seed: int = 1) -> Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed)).clamp(-2, 2)


def sqnr(exact: Tensor, found: Tensor) -> float:
    """In dB, by numpy: the tests' own definition."""
    one, other = exact.double().numpy(), found.double().numpy()
    return float(10 * np.log10((one**2).sum() / ((one - other) ** 2).sum()))
