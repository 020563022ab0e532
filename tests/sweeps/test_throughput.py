"""How much of the engines' own speed a sweep keeps."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.models.labels import labels
from core.serving.networks import Networks
from core.sweeps.batches import prepare
from core.sweeps.carry_out import carry_out
from core.sweeps.plan import Plan
from tests.sweeps.fakes import begun

PICTURES = 96


class Noise:
    """Pictures in memory, as Tiny ImageNet's are."""

    name, fingerprint = "Noise", "noise"
    classes: tuple[str, ...] = labels("photos")
    synsets: tuple[str | None, ...] = (None,) * 200
    notes: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._pixels = np.random.default_rng(0).integers(0, 256, (PICTURES, 64, 64, 3), dtype=np.uint8)

    def __len__(self) -> int:
        return PICTURES

    def title(self, index: int) -> str:
        return str(index)

    def picture(self, index: int) -> Image.Image:
        return Image.fromarray(self._pixels[index])

    def label(self, index: int) -> int | None:
        return index % 200


@pytest.mark.slow
def test_six_variants_keep_nine_tenths_of_the_engines_speed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By this process's processor time, on one thread: what else the machine does would drown the difference by the clock."""
    plan = Plan(("squeezenet",), ("photos",), ("fp32", "bf16", "fp16", "fixed16", "fixed8", "int8"), "noise")
    data, networks = Noise(), Networks()
    shares = []
    for number in range(3):
        store = begun(tmp_path / str(number), plan)
        began = time.process_time()
        carry_out(plan, store, data, networks)
        swept = time.process_time() - began
        conditions = store.conditions()
        assert conditions is not None
        if number:  # the first round loads and lowers
            shares.append(_alone(plan, data, networks, conditions.batch) / swept)
    with capsys.disabled():
        print(f"\nA sweep of six variants spends {100 * min(shares):.1f} % of its processor time in the engines.")
    assert min(shares) >= 0.9


def _alone(plan: Plan, data: Noise, networks: Networks, size: int) -> float:
    """Seconds for the same batches, prepared beforehand."""
    preprocessing = networks.prepared("squeezenet", "photos").loaded.preprocessing
    parts = [range(begin, min(begin + size, PICTURES)) for begin in range(0, PICTURES, size)]
    inputs = [prepare(data, 0, part, [preprocessing]).inputs[preprocessing] for part in parts]
    began = time.process_time()
    for x in inputs:
        for variant in plan.variants:
            networks.executable(variant).run(x)
    return time.process_time() - began
