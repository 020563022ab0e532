"""What comes behind a network's last layer, the same for every engine and format: softmax, and one order of the classes."""

from __future__ import annotations

import torch
from torch import Tensor

from core.errors import RangeError
from core.variant import Variant


def softmax(scores: Tensor) -> Tensor:
    """[n, classes] in float64, the one float island behind every format's last layer."""
    return scores.double().softmax(dim=1)


def check_finite(scores: Tensor, variant: Variant) -> None:
    """Raises RangeError where a score behind softmax is no number.

    FP16 ends at 65,504: a network with larger values inside gives infinities, and infinity less infinity is no number.
    """
    if not bool(scores.isfinite().all()):
        raise RangeError(
            f"Values inside this network are too large for {variant.title}: its scores are no numbers.",
            "Choose a format with a wider range, such as BF16.",
        )


def ranking(scores: Tensor) -> Tensor:
    """Class indices by score descending, equal scores by index: one order everywhere."""
    return torch.sort(scores, dim=-1, descending=True, stable=True).indices
