"""Retrained weights, made in a second: one step on sixteen coarse pictures. For tests that need some, good or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.datasets.labelled import TrainingData
from core.formats import number_format
from core.models import regimes
from core.quantization.retrain import Options, retrain
from core.quantization.retrained import save
from core.serving.networks import Networks
from core.variant import Calibration
from tests.quantization.gratings import Gratings

OPTIONS = Options(rate=1e-3, epochs=1, steps=1, batch=8, smallest_crop=1.0, calibration=Calibration(search=False))


def retrained_weights(network: str, weights: str, format: str, labels: str = "photos", seed: int = 3) -> Path:
    """Saved where regime `retrain` looks for what was made on this machine."""
    images = np.random.default_rng(0).integers(0, 256, (16, 3, 8, 8), dtype=np.uint8).repeat(8, 2).repeat(8, 3)
    split = Gratings(images, np.arange(16), np.tile(np.array([0, 0, 1, 1], np.float32), (16, 1)))
    data = TrainingData("Noise", "d" * 64, labels, split, split, mirrored=False)
    prepared = Networks().prepared(network, weights)
    options = replace(OPTIONS, seed=seed)
    outcome = retrain(prepared, number_format(format), data, options)
    target = regimes.target(network, weights, format)
    save(outcome, prepared.loaded, number_format(format), data, options, target)
    return target
