"""Devices, by name."""

from __future__ import annotations

from core.errors import DeviceError


def check_device(name: str) -> None:
    """`cpu` always will do; `cuda` where torch sees an NVIDIA GPU. Raises DeviceError."""
    if name not in ("cpu", "cuda"):
        raise DeviceError(f"There is no device named {name!r}.", "Choose cpu or cuda.")
    if name == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise DeviceError("There is no NVIDIA GPU that torch can use.", "Run on the CPU: --device cpu.")
