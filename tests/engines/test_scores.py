from __future__ import annotations

import numpy as np
import pytest
import torch

from core.engines.scores import ranking, softmax


def test_softmax_stays_finite_in_float64() -> None:
    found = softmax(torch.tensor([[1000.0, 999.0, -1000.0]], dtype=torch.float32))
    assert found.dtype == torch.float64
    assert found[0].tolist() == pytest.approx([1 / (1 + np.exp(-1)), 1 / (1 + np.e), 0])


def test_equal_scores_go_by_class_index() -> None:
    tied = torch.tensor([[1.0, 2.0] * 100])
    assert ranking(tied)[0].tolist() == [*range(1, 200, 2), *range(0, 200, 2)]
