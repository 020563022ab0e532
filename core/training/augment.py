"""Random crops and mirror images of a batch, with the boxes that go along."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def normalise(images: Tensor) -> Tensor:
    """uint8 0..255 to float: (p - 128) / 64, in [-2, 1.984], so that an 8-bit grid of step 2^-6 holds every pixel exactly."""
    return (images.float() - 128) / 64


def resize(images: Tensor, side: int) -> Tensor:
    if images.shape[-1] == side:
        return images
    return F.interpolate(images, (side, side), mode="bilinear", antialias=True)


def random_crop(
    images: Tensor, boxes: Tensor, smallest: float, generator: torch.Generator, mirror: bool = True
) -> tuple[Tensor, Tensor]:
    """Crop a square of `smallest` to 1 of each side at random, mirror half of the pictures; boxes follow, clipped to 0..1.

    `mirror` is off where a mirror image is of another class, such as an arrow's.
    """
    count = len(images)
    scale = smallest + (1 - smallest) * torch.rand(count, generator=generator)
    shift = (torch.rand(count, 2, generator=generator) * 2 - 1) * (1 - scale)[:, None]
    sign = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0 if mirror else 1.0, 1.0)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = scale * sign, scale, shift
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    cropped = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    return cropped, _follow(boxes, scale, shift, sign)


def _follow(boxes: Tensor, scale: Tensor, shift: Tensor, sign: Tensor) -> Tensor:
    """Apply the inverse map: the source's centred coordinate u lands at (u - shift) / scale, mirrored where sign is -1."""
    centred = (boxes * 2 - 1).view(-1, 2, 2)
    moved = (centred - shift[:, None, :]) / scale[:, None, None]
    x = torch.sort(moved[..., 0] * sign[:, None], dim=1).values
    return ((torch.stack((x, moved[..., 1]), dim=-1) + 1) / 2).clamp(0, 1).view(-1, 4)
