from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from core.engines import floats


class _Watch(nn.Module):
    """Hands out its input and keeps what it saw of it and of cuDNN's switches."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))
        self.seen: tuple[object, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        cudnn = torch.backends.cudnn
        self.seen = (x.dtype, x.is_contiguous(memory_format=torch.channels_last), cudnn.enabled, cudnn.allow_tf32)
        return x * self.gain


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_the_network_runs_in_its_type_with_cudnn_and_without_tf32(name: str) -> None:
    network = floats.convert(_Watch(), name, "cpu")
    (found,) = floats.run(network, torch.full((1, 3, 4, 4), 1 / 3))
    assert network.seen == (getattr(torch, name), True, True, False)
    assert found.dtype == torch.float64
    assert float(found[0, 0, 0, 0]) == float(torch.tensor(1 / 3, dtype=getattr(torch, name)))


def test_the_given_network_stays_as_it_is() -> None:
    network = nn.Conv2d(3, 3, 1)
    converted = floats.convert(network, "float16", "cpu")
    assert network.weight.dtype == torch.float32
    assert next(converted.parameters()).dtype == torch.float16
    assert next(converted.parameters()).data_ptr() != network.weight.data_ptr()


def test_fp32_on_the_cpu_is_the_network_itself() -> None:
    network = nn.Conv2d(3, 3, 1)
    assert floats.convert(network, "float32", "cpu") is network


def test_held_bytes_are_those_of_parameters_and_buffers() -> None:
    """3 x 5 weights, 5 biases; 5 gains, shifts, means and variances, and a step counter of 8 bytes."""
    network = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5))
    assert floats.held_bytes(network) == 4 * (15 + 5 + 4 * 5) + 8
    assert floats.held_bytes(floats.convert(network, "bfloat16", "cpu")) == 2 * (15 + 5 + 4 * 5) + 8
