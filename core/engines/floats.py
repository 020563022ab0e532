"""The float engine: a network in torch's own kernels of one float type (FP32, FP16, BF16). Its arithmetic is native."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

NAME = "torch"
ARITHMETIC = "native"


def convert(folded: nn.Module, dtype: str, device: str) -> nn.Module:
    """The network in `dtype` ("float16") on `device`: a channels-last copy, or for FP32 on the CPU the network itself.

    `folded` is FP32, on the CPU and channels-last already. Nothing may change what is returned.
    """
    if (dtype, device) == ("float32", "cpu"):
        return folded
    network = copy.deepcopy(folded).to(device=device, dtype=getattr(torch, dtype))
    return network.to(memory_format=torch.channels_last)


def held_bytes(network: nn.Module) -> int:
    """Memory of its parameters and buffers: 1,000 weights in FP16 take 2,000 bytes."""
    return sum(tensor.nbytes for tensor in (*network.parameters(), *network.buffers()))


@torch.inference_mode()
def run(network: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
    """Outputs in float64, for real inputs `x` [n, c, h, w]. FP32 on CUDA means FP32: TF32 is off."""
    parameter = next(network.parameters())
    x = x.to(parameter.device, parameter.dtype).contiguous(memory_format=torch.channels_last)
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        found = network(x)
    found = found if isinstance(found, tuple) else (found,)
    return tuple(value.double() for value in found)
