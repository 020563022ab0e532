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

    The first pool does not stride: a 64 x 64 picture ends on an 8 x 8 map, as a 224 x 224 one ends on 13 x 13.
    """

    def __init__(self, classes: int = 200) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, kernel_size=3, stride=2, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1),
            _fire(64, 16, 64),
            _fire(128, 16, 64),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
            _fire(128, 32, 128),
            _fire(256, 32, 128),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
            _fire(256, 48, 192),
            _fire(384, 48, 192),
            _fire(384, 64, 256),
            _fire(512, 64, 256),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(0.1),
            nn.Conv2d(512, classes, kernel_size=1),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.box = BoxHead(512)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.features(x)
        return self.classifier(x), self.box(x)


def compact(classes: int = 200) -> nn.Module:
    return CompactSqueezeNet(classes)


def _fire(inputs: int, squeeze: int, expand: int) -> Fire:
    """torchvision's Fire module with a batch norm behind each of its three convolutions."""
    fire = Fire(inputs, squeeze, expand, expand)
    fire.squeeze = nn.Sequential(fire.squeeze, nn.BatchNorm2d(squeeze))  # type: ignore[assignment]
    fire.expand1x1 = nn.Sequential(fire.expand1x1, nn.BatchNorm2d(expand))  # type: ignore[assignment]
    fire.expand3x3 = nn.Sequential(fire.expand3x3, nn.BatchNorm2d(expand))  # type: ignore[assignment]
    return fire
