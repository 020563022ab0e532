"""How exact the shipped networks' programs are on real photographs: SQNR at the logits against the float network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from core.compare.view import View
from core.formats import number_format
from core.images.crop import Crop
from core.images.decode import decode
from core.images.samples import samples
from core.models.catalog import ARCHITECTURES
from core.models.weights import availability, load_network
from core.quantization.calibration import statistics_for
from core.quantization.prepare import Prepared, executable, prepare
from core.variant import Calibration

# FIXED-16, INT8, FIXED-8. One power-of-two scale for a whole tensor is coarse where a few values are far larger than the
# rest, as in SqueezeNet's last layers; what that costs in Top-5, less than half a point, is in its card.
LEAST = {"vgg16": (60, 25, 20), "googlenet": (60, 25, 20), "squeezenet": (60, 25, 14)}
CROPS = (Crop(), Crop(0.2, 0.2, 0.7), Crop(0.8, 0.8, 0.7))


@pytest.fixture(scope="module", params=ARCHITECTURES)
def prepared(request: pytest.FixtureRequest) -> Prepared:
    if not availability(request.param, "photos").present:
        pytest.skip(f"the photos weights of {request.param} are not in this checkout")
    loaded = load_network(request.param, "photos")
    return prepare(loaded, statistics_for)


@pytest.fixture(scope="module")
def photographs(prepared: Prepared) -> Tensor:
    pictures = [decode(one.file.read_bytes(), one.name) for one in samples()]
    views = [View(picture, crop) for picture in pictures for crop in CROPS]
    return torch.cat([view.tensor(prepared.loaded.preprocessing) for view in views])


@pytest.mark.parametrize("name", ["fixed16", "int8", "fixed8"])
def test_logits_follow_the_float_network(prepared: Prepared, photographs: Tensor, name: str) -> None:
    with torch.no_grad():
        exact = load_network(prepared.loaded.network, "photos").module(photographs)[0].double().numpy()
    found = executable(prepared, number_format(name), Calibration()).run(photographs)[0].numpy()
    noise = 10 * np.log10((exact**2).sum() / ((exact - found) ** 2).sum())
    print(f"{prepared.loaded.network} {name}: {noise:.1f} dB at the logits")
    assert noise > LEAST[prepared.loaded.network][("fixed16", "int8", "fixed8").index(name)]
