"""How exact the shipped networks' programs are on what they are for: SQNR at the logits against the float network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from core.compare.view import View
from core.datasets.signs.signs_set import arrays
from core.formats import number_format
from core.images.crop import Crop
from core.images.decode import decode
from core.images.samples import samples
from core.models.weights import availability, load_network
from core.quantization.calibration import statistics_for
from core.quantization.prepare import Prepared, executable, prepare
from core.variant import Calibration

# FIXED-16, INT8, FIXED-8. One power-of-two scale for a whole tensor is coarse where a few values are far larger than the
# rest, as in SqueezeNet's last layers; what that costs in Top-5, less than half a point, is in its card.
LEAST = {
    ("photos", "vgg16"): (60, 25, 20),
    ("photos", "googlenet"): (60, 25, 20),
    ("photos", "squeezenet"): (60, 25, 14),
    ("signs", "vgg16"): (60, 25, 20),
    ("signs", "googlenet"): (60, 25, 18),
    ("signs", "squeezenet"): (60, 25, 20),
}
CROPS = (Crop(), Crop(0.2, 0.2, 0.7), Crop(0.8, 0.8, 0.7))


@pytest.fixture(scope="module", params=LEAST, ids="-".join)
def prepared(request: pytest.FixtureRequest) -> Prepared:
    weights, network = request.param
    if not availability(network, weights).present:
        pytest.skip(f"the {weights} weights of {network} are not in this checkout")
    return prepare(load_network(network, weights), statistics_for)


@pytest.fixture(scope="module")
def pictures(prepared: Prepared) -> Tensor:
    """Photographs, or signs of another seed than the networks have seen."""
    if prepared.loaded.weights == "signs":
        return prepared.loaded.preprocessing.normalise(arrays(1, "test", 60).images)
    decoded = [decode(one.file.read_bytes(), one.name) for one in samples()]
    views = [View(picture, crop) for picture in decoded for crop in CROPS]
    return torch.cat([view.tensor(prepared.loaded.preprocessing) for view in views])


@pytest.mark.parametrize("name", ["fixed16", "int8", "fixed8"])
def test_logits_follow_the_float_network(prepared: Prepared, pictures: Tensor, name: str) -> None:
    network, weights = prepared.loaded.network, prepared.loaded.weights
    with torch.no_grad():
        exact = load_network(network, weights).module(pictures)[0].double().numpy()
    found = executable(prepared, number_format(name), Calibration()).run(pictures)[0].numpy()
    noise = 10 * np.log10((exact**2).sum() / ((exact - found) ** 2).sum())
    print(f"{weights} {network} {name}: {noise:.1f} dB at the logits")
    assert noise > LEAST[weights, network][("fixed16", "int8", "fixed8").index(name)]
