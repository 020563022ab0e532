"""One small network of random weights, loaded once for all tests of the comparison."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image

from core.compare.view import View
from core.images.crop import Crop
from core.images.decode import Picture
from core.serving.networks import Networks
from tests.weights import lively_weights


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(lively_weights(tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="session")
def networks() -> Iterator[Networks]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Networks()
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def view() -> View:
    """A noisy 300 x 200 picture, of which the networks see a square at the top right."""
    coarse = np.random.default_rng(0).integers(0, 256, (10, 15, 3), dtype=np.uint8)
    picture = Picture(Image.fromarray(coarse.repeat(20, 0).repeat(20, 1)), "0" * 64, "noise.png")
    return View(picture, Crop(x=1.0, y=0.0, size=0.64))
