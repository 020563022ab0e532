"""What comes behind a network's last layer, the same for every engine and format: softmax, and one order of the classes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.errors import RangeError, WeightsError
from core.formats import FORMATS
from core.variant import Variant


def softmax(scores: Tensor) -> Tensor:
    """[n, classes] in float64, the one float island behind every format's last layer."""
    return scores.double().softmax(dim=1)


def check_finite(outputs: Sequence[Tensor], variant: Variant) -> None:
    """Raises RangeError where an output (scores first, then the box) is no number and a wider format would help.

    FP16 ends at 65,504: a network with larger values inside gives infinities, and infinity less infinity is no number. No
    format is wider than FP32 and BF16, and whole numbers saturate: there it is the weights' fault, a WeightsError.
    """
    lost = [place for place, output in enumerate(outputs) if not bool(output.isfinite().all())]
    if not lost:
        return
    format, what = variant.number_format, "scores" if lost[0] == 0 else "box corners"
    if format.kind == "float" and format.exponent_bits < FORMATS["fp32"].exponent_bits:
        raise RangeError(
            f"Values inside this network are too large for {variant.title}: its {what} are no numbers.",
            "Choose a format with a wider range, such as BF16.",
        )
    raise WeightsError(
        f"With the weights {variant.weights_name} the network's {what} are no numbers, in {variant.title} as in any format.",
        "Give another weights file.",
    )


def ranking(scores: Tensor) -> Tensor:
    """Class indices by score descending, equal scores by index: one order everywhere."""
    return torch.sort(scores, dim=-1, descending=True, stable=True).indices
