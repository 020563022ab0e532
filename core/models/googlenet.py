"""GoogLeNet (Szegedy et al. 2014): the published network, and a compact one for 64 x 64 pictures."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models import googlenet
from torchvision.models.googlenet import BasicConv2d, Inception

from core.models.heads import BoxHead

# Branch widths of the published network (Szegedy et al. 2014, table 1): 1x1; 3x3 reduce, 3x3; 5x5 reduce, 5x5; pool projection.
INCEPTION_3 = [(64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)]
INCEPTION_4 = [
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
]
INCEPTION_5 = [(256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)]
WIDTH = 0.45  # the compact network's, of the published one's


def full() -> nn.Module:
    """torchvision's GoogLeNet without its auxiliary heads: [n, 3, 224, 224] to scores [n, 1000]."""
    network: nn.Module = googlenet(weights=None, aux_logits=False, transform_input=False, init_weights=False)
    return network


class CompactGoogLeNet(nn.Module):
    """GoogLeNet, narrowed, for [n, 3, 64, 64]: returns scores [n, classes] and the main object's box [n, 4].

    The first pool does not stride: a 64 x 64 picture ends on a 4 x 4 map, as a 224 x 224 one ends on 7 x 7. `width` is a share
    of the published network's: 0.45 has 456 channels at the end of the published 1,024.
    """

    def __init__(self, classes: int = 200, width: float = WIDTH) -> None:
        super().__init__()
        stem, middle = _scaled(64, width), _scaled(192, width)
        block3, channels = _blocks(middle, INCEPTION_3, width)
        block4, channels = _blocks(channels, INCEPTION_4, width)
        block5, channels = _blocks(channels, INCEPTION_5, width)
        self.features = nn.Sequential(
            BasicConv2d(3, stem, kernel_size=7, stride=2, padding=3),
            nn.MaxPool2d(3, stride=1, padding=1),
            BasicConv2d(stem, stem, kernel_size=1),
            BasicConv2d(stem, middle, kernel_size=3, padding=1),
            nn.MaxPool2d(3, stride=2, ceil_mode=True),
            *block3,
            nn.MaxPool2d(3, stride=2, ceil_mode=True),
            *block4,
            nn.MaxPool2d(2, stride=2, ceil_mode=True),
            *block5,
        )
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(channels, classes)
        )
        self.box = BoxHead(channels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.features(x)
        return self.classifier(x), self.box(x)


def compact(classes: int = 200, width: float = WIDTH) -> nn.Module:
    return CompactGoogLeNet(classes, width)


def small() -> nn.Module:
    """For 60 signs, in less than 2 MB."""
    return compact(60, 0.2)


def _scaled(channels: int, width: float) -> int:
    """Narrowed and rounded down to a multiple of 4: at 0.45, 192 becomes 84, 16 becomes 4."""
    return max(4, int(channels * width) // 4 * 4)


def _blocks(inputs: int, table: list[tuple[int, int, int, int, int, int]], width: float) -> tuple[list[nn.Module], int]:
    """The inception modules of one row group, and the channels that come out of the last."""
    blocks: list[nn.Module] = []
    for row in table:
        widths = [_scaled(channels, width) for channels in row]
        blocks.append(Inception(inputs, *widths))  # type: ignore[arg-type]
        inputs = widths[0] + widths[2] + widths[4] + widths[5]
    return blocks, inputs
