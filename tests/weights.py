"""Shipped-shaped weights for tests of the page: the real ones where they are, else random ones of the same networks."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from core.models.catalog import ARCHITECTURES


def random_weights(network: str, folder: Path, seed: int = 0) -> Path:
    """A compact network with random weights as a file of its own."""
    torch.manual_seed(seed)
    module = ARCHITECTURES[network].builder("compact")()
    path = folder / f"{network}-{seed}.safetensors"
    tensors = {name: value for name, value in module.state_dict().items() if "num_batches" not in name}
    save_file(tensors, path)
    return path
