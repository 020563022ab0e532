"""The second head of the compact networks: where the main object is."""

from __future__ import annotations

from torch import nn


class BoxHead(nn.Sequential):
    """Features [n, channels, h, w] to a box [n, 4]: x0, y0, x1, y1 as fractions of the picture's side."""

    def __init__(self, channels: int, cells: int = 4, squeeze: int = 16) -> None:
        super().__init__(
            nn.Conv2d(channels, squeeze, kernel_size=1),
            nn.BatchNorm2d(squeeze),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(cells),
            nn.Flatten(),
            nn.Linear(squeeze * cells * cells, 4),
        )
