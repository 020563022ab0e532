"""Weights files in the shape of those that ship, with random values: for tests that need some, and not the real ones."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from core.models.catalog import ARCHITECTURES


def random_weights(network: str, folder: Path, seed: int = 0) -> Path:
    """A compact network with random weights as a file of its own."""
    torch.manual_seed(seed)
    module = ARCHITECTURES[network].builder("compact")()
    path = folder / f"{network}-{seed}.safetensors"
    tensors = {name: value for name, value in module.state_dict().items() if "num_batches" not in name}
    save_file(tensors, path)
    return path


def lively_weights(folder: Path, seed: int = 0) -> Path:
    """A compact SqueezeNet as a file of its own: random, but with batch norm in use, spread scores and boxes of some size."""
    torch.manual_seed(seed)
    module = ARCHITECTURES["squeezenet"].builder("compact")().train()
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.2)
    with torch.no_grad():
        module.get_parameter("classifier.1.weight").mul_(6)
        module.get_parameter("box.5.bias").copy_(torch.tensor([0.2, 0.3, 0.7, 0.9]))
        module(torch.randn(8, 3, 16, 16).repeat_interleave(4, 2).repeat_interleave(4, 3).clamp(-2, 2))
    path = folder / f"lively-{seed}.safetensors"
    save_file({name: value for name, value in module.state_dict().items() if "num_batches" not in name}, path)
    return path
