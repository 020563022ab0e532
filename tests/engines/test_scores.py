from __future__ import annotations

import numpy as np
import pytest
import torch

from core.engines.scores import check_finite, ranking, softmax
from core.errors import RangeError, WeightsError
from core.variant import Variant


def test_softmax_stays_finite_in_float64() -> None:
    found = softmax(torch.tensor([[1000.0, 999.0, -1000.0]], dtype=torch.float32))
    assert found.dtype == torch.float64
    assert found[0].tolist() == pytest.approx([1 / (1 + np.exp(-1)), 1 / (1 + np.e), 0])


def test_equal_scores_go_by_class_index() -> None:
    tied = torch.tensor([[1.0, 2.0] * 100])
    assert ranking(tied)[0].tolist() == [*range(1, 200, 2), *range(0, 200, 2)]


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize(("place", "what"), [(0, "scores"), (1, "box corners")])
def test_where_a_wider_format_would_help_it_is_the_range(value: float, place: int, what: str) -> None:
    outputs = (torch.zeros(3, 200), torch.zeros(3, 4))
    check_finite(outputs, Variant("squeezenet", "photos", "fp16"))
    outputs[place][2, 1] = value
    with pytest.raises(
        RangeError, match=f"too large for FP16: its {what} are no numbers. Choose a format with a wider"
    ):
        check_finite(outputs, Variant("squeezenet", "photos", "fp16"))
    for name in ("fp32", "bf16", "fixed8", "int8"):
        with pytest.raises(WeightsError, match=f"the network's {what} are no numbers.* Give another weights file."):
            check_finite(outputs, Variant("squeezenet", "photos", name))
