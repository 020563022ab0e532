"""From a square picture to a network's input: the same one for every number format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.models.kinds import KINDS

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

Channels = tuple[float, float, float]


@dataclass(frozen=True)
class Preprocessing:
    """What a network expects: `side` pixels of the middle `fraction` of the square, each (p / 255 - mean) / std."""

    side: int
    fraction: float
    mean: Channels
    std: Channels

    def tensor(self, image: Image.Image) -> Tensor:
        """An RGB picture of side x side pixels as FP32 [1, 3, side, side]. Raises ValueError for any other picture.

        Worked in float64 and rounded once: with mean 128/255 and std 64/255, p = 129 gives exactly 0.015625.
        """
        if image.mode != "RGB" or image.size != (self.side, self.side):
            raise ValueError(f"expected RGB {self.side} x {self.side}, got {image.mode} {image.width} x {image.height}")
        return self.normalise(np.asarray(image).transpose(2, 0, 1)[None])

    def normalise(self, pixels: NDArray[np.uint8]) -> Tensor:
        """uint8 [n, 3, h, w] as FP32 of the same shape."""
        import torch

        mean, std = (np.reshape(channels, (1, 3, 1, 1)) for channels in (self.mean, self.std))
        return torch.from_numpy(((pixels.astype(np.float64) / 255 - mean) / std).astype(np.float32))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocessing:
        """The inverse of `as_dict`, also after a way through JSON. Raises KeyError or TypeError for anything else."""
        red, green, blue = values["mean"]
        std_red, std_green, std_blue = values["std"]
        return cls(int(values["side"]), float(values["fraction"]), (red, green, blue), (std_red, std_green, std_blue))


# Every pixel is a multiple of 2^-6, (p - 128) / 64: an 8-bit grid with fractional length 6 holds the input exactly.
COMPACT = Preprocessing(64, 1.0, (128 / 255,) * 3, (64 / 255,) * 3)
FULL = Preprocessing(224, 224 / 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
# torchvision's GoogLeNet follows that normalisation with x * (std / 0.5) + (mean - 0.5) / 0.5 (`transform_input`): both
# together are (p / 255 - 0.5) / 0.5, and the network here is built without the second.
FULL_GOOGLENET = Preprocessing(224, 224 / 256, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def preprocessing(network: str, kind: str) -> Preprocessing:
    """By the side of the kind's pictures: that of 64 x 64, or of 224 x 224 as torchvision trained them."""
    if KINDS[kind].side == COMPACT.side:
        return COMPACT
    return FULL_GOOGLENET if network == "googlenet" else FULL
