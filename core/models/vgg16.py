"""VGG-16 (Simonyan and Zisserman 2014): the published network, and a compact one for 64 x 64 pictures."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models import vgg16
from torchvision.models.vgg import make_layers

from core.models.heads import BoxHead

# A quarter of VGG-16's widths; the last block, cheap at 4 x 4, is a little wider.
COMPACT: list[str | int] = [16, 16, "M", 32, 32, "M", 64, 64, 64, "M", 128, 128, 128, "M", 160, 160, 160, "M"]


def full() -> nn.Module:
    """torchvision's VGG-16: [n, 3, 224, 224] to scores [n, 1000]."""
    network: nn.Module = vgg16(weights=None)
    return network


class CompactVGG16(nn.Module):
    """VGG-16 with batch norm, for [n, 3, 64, 64]: returns scores [n, classes] and the main object's box [n, 4].

    `width` is a share of COMPACT's: 1.0 has 160 channels at the end, 0.5 has 80.
    """

    def __init__(self, classes: int = 200, width: float = 1.0) -> None:
        super().__init__()
        hidden, last = _scaled(256, width), _scaled(160, width)
        widths = [entry if isinstance(entry, str) else _scaled(entry, width) for entry in COMPACT]
        layers = list(make_layers(widths, batch_norm=True))
        self.features = nn.Sequential(*layers[:-1])
        self.pool = nn.Sequential(layers[-1], nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.classifier = nn.Sequential(
            nn.Linear(last * 4, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(0.1),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(0.1),
            nn.Linear(hidden, classes),
        )
        self.box = BoxHead(last)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.features(x)
        return self.classifier(self.pool(x)), self.box(x)


def compact(classes: int = 200, width: float = 1.0) -> nn.Module:
    return CompactVGG16(classes, width)


def small() -> nn.Module:
    """For 60 signs, in less than 2 MB."""
    return compact(60, 0.5)


def _scaled(channels: int, width: float) -> int:
    """Rounded down to a multiple of 4: 160 at 0.55 becomes 88."""
    return max(4, int(channels * width) // 4 * 4)
