"""Muon (Jordan et al. 2024) for kernels and matrices, AdamW for biases and batch norm.

torch's Muon takes matrices only: a kernel [out, in, h, w] is given to it as a view [out, in * h * w] of the same memory.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

ADAM_RATE = 0.1


class KernelMuon:
    """Two optimizers as one. `rate` is Muon's; AdamW's is a tenth of it (0.02 gives 0.002)."""

    def __init__(self, network: nn.Module, momentum: float, weight_decay: float) -> None:
        self.kernels = [p for p in network.parameters() if p.ndim > 1]
        others = [p for p in network.parameters() if p.ndim <= 1]
        self.matrices = [nn.Parameter(kernel.data.view(len(kernel), -1)) for kernel in self.kernels]
        self.muon = torch.optim.Muon(self.matrices, momentum=momentum, weight_decay=weight_decay)
        self.adam = torch.optim.AdamW(others, weight_decay=0.0)

    def step(self, loss: Tensor, rate: float) -> None:
        """One update from the loss's gradients."""
        self.muon.param_groups[0]["lr"], self.adam.param_groups[0]["lr"] = rate, rate * ADAM_RATE
        for kernel in self.kernels:
            kernel.grad = None
        self.adam.zero_grad()
        loss.backward()
        for kernel, matrix in zip(self.kernels, self.matrices, strict=True):
            matrix.grad = kernel.grad.flatten(1) if kernel.grad is not None else None
        self.muon.step()
        self.adam.step()

    def state_dict(self) -> dict[str, Any]:
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
