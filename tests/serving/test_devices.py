from __future__ import annotations

import pytest
import torch

from core.errors import DeviceError
from core.serving.devices import check_device


def test_the_cpu_will_always_do() -> None:
    check_device("cpu")


def test_an_unknown_device_is_named() -> None:
    with pytest.raises(DeviceError, match="There is no device named 'tpu'. Choose cpu or cuda."):
        check_device("tpu")


@pytest.mark.parametrize("present", [True, False])
def test_cuda_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch, present: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: present)
    if present:
        check_device("cuda")
    else:
        with pytest.raises(DeviceError, match="There is no NVIDIA GPU"):
            check_device("cuda")
