"""SqueezeNet 1.1 (Iandola et al. 2016): the published network, and a compact one for 64 x 64 pictures."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models import squeezenet1_1
from torchvision.models.squeezenet import Fire

from core.models.heads import BoxHead


def full() -> nn.Module:
    """torchvision's SqueezeNet 1.1: [n, 3, 224, 224] to scores [n, 1000]."""
    network: nn.Module = squeezenet1_1(weights=None)
    return network


class CompactSqueezeNet(nn.Module):
    """SqueezeNet 1.1 with batch norm, for [n, 3, 64, 64]: returns scores [n, classes] and the main object's box [n, 4].

    The first pool does not stride: a 64 x 64 picture ends on an 8 x 8 map, as a 224 x 224 one ends on 13 x 13. `width` is a
    share of the published network's: 1.0 has 512 channels at the end, 0.75 has 384.
    """

    def __init__(self, classes: int = 200, width: float = 1.0) -> None:
        super().__init__()
        stem, last = _scaled(64, width), 2 * _scaled(256, width)
        self.features = nn.Sequential(
            nn.Conv2d(3, stem, kernel_size=3, stride=2, padding=1),
            nn.BatchNorm2d(stem),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1),
            _fire(stem, 16, 64, width),
            _fire(2 * _scaled(64, width), 16, 64, width),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
            _fire(2 * _scaled(64, width), 32, 128, width),
            _fire(2 * _scaled(128, width), 32, 128, width),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
            _fire(2 * _scaled(128, width), 48, 192, width),
            _fire(2 * _scaled(192, width), 48, 192, width),
            _fire(2 * _scaled(192, width), 64, 256, width),
            _fire(last, 64, 256, width),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(0.1),
            nn.Conv2d(last, classes, kernel_size=1),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.box = BoxHead(last)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.features(x)
        return self.classifier(x), self.box(x)


def compact(classes: int = 200, width: float = 1.0) -> nn.Module:
    return CompactSqueezeNet(classes, width)


def small() -> nn.Module:
    """For 60 signs, in less than 2 MB."""
    return compact(60, 0.375)


def _scaled(channels: int, width: float) -> int:
    """Rounded down to a multiple of 4: 64 at 0.7 becomes 44."""
    return max(4, int(channels * width) // 4 * 4)


def _fire(inputs: int, squeeze: int, expand: int, width: float) -> Fire:
    """torchvision's Fire module with a batch norm behind each of its three convolutions. `inputs` are scaled already."""
    squeeze, expand = _scaled(squeeze, width), _scaled(expand, width)
    fire = Fire(inputs, squeeze, expand, expand)
    fire.squeeze = nn.Sequential(fire.squeeze, nn.BatchNorm2d(squeeze))  # type: ignore[assignment]
    fire.expand1x1 = nn.Sequential(fire.expand1x1, nn.BatchNorm2d(expand))  # type: ignore[assignment]
    fire.expand3x3 = nn.Sequential(fire.expand3x3, nn.BatchNorm2d(expand))  # type: ignore[assignment]
    return fire
