"""The float engine: a network in torch's own kernels of one float type (FP32, FP16, BF16). Its arithmetic is native."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

NAME = "torch"
ARITHMETIC = "native"


def convert(folded: nn.Module, dtype: str, device: str) -> nn.Module:
    """A copy of the network in `dtype` ("float16") on `device`, channels-last."""
    network = copy.deepcopy(folded).to(device=device, dtype=getattr(torch, dtype))
    return network.to(memory_format=torch.channels_last)


@torch.inference_mode()
def run(network: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
    """Outputs in float64, for real inputs `x` [n, c, h, w]. FP32 on CUDA means FP32: TF32 is off."""
    parameter = next(network.parameters())
    x = x.to(parameter.device, parameter.dtype).contiguous(memory_format=torch.channels_last)
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        found = network(x)
    found = found if isinstance(found, tuple) else (found,)
    return tuple(value.double() for value in found)
