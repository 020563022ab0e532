from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision.models import GoogLeNet, VGG16_Weights

from core.models.preprocessing import COMPACT, FULL, FULL_GOOGLENET, Preprocessing, preprocessing
from core.training.augment import normalise


def _pixels(side: int) -> np.ndarray:
    """Every value from 0 to 255 in every channel, and much besides."""
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    pixels[:4, :64] = np.arange(256, dtype=np.uint8).reshape(4, 64, 1)
    return pixels


def _tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def test_photos_is_exactly_what_training_saw_and_what_eight_bits_hold() -> None:
    pixels = _pixels(64)
    values = COMPACT.tensor(Image.fromarray(pixels))
    assert values.shape == (1, 3, 64, 64)
    assert values.dtype == torch.float32
    assert torch.equal(values, normalise(_tensor(pixels)))
    grid = values.double() * 64
    assert torch.equal(grid, grid.round())
    assert (grid.min(), grid.max()) == (-128, 127)


def test_imagenet_is_torchvisions() -> None:
    pixels = _pixels(224)
    preset = VGG16_Weights.IMAGENET1K_V1.transforms()
    assert preset.crop_size[0] == FULL.side
    assert preset.crop_size[0] / preset.resize_size[0] == FULL.fraction
    expected = (_tensor(pixels).double() / 255 - torch.tensor(preset.mean).view(3, 1, 1)) / torch.tensor(
        preset.std
    ).view(3, 1, 1)
    assert torch.allclose(FULL.tensor(Image.fromarray(pixels)).double(), expected.double(), rtol=0, atol=5e-7)


def test_googlenets_second_normalisation_is_folded_in_once() -> None:
    pixels = _pixels(224)
    image = Image.fromarray(pixels)
    network = GoogLeNet(aux_logits=False, transform_input=True, init_weights=False)
    expected = network._transform_input(FULL.tensor(image))
    folded = FULL_GOOGLENET.tensor(image)
    assert torch.allclose(folded, expected, rtol=0, atol=1e-6)
    assert not torch.allclose(FULL.tensor(image), expected, atol=0.1)  # the two differ, so this test can fail


def test_each_network_has_its_own() -> None:
    for kind in ("compact", "small"):
        assert {preprocessing(network, kind) for network in ("vgg16", "googlenet", "squeezenet")} == {COMPACT}
    assert preprocessing("googlenet", "full") == FULL_GOOGLENET
    assert preprocessing("vgg16", "full") == preprocessing("squeezenet", "full") == FULL


@pytest.mark.parametrize("value", [COMPACT, FULL, FULL_GOOGLENET])
def test_survives_json(value: Preprocessing) -> None:
    assert Preprocessing.from_dict(json.loads(json.dumps(value.as_dict()))) == value


@pytest.mark.parametrize("image", [Image.new("RGB", (64, 63)), Image.new("L", (64, 64)), Image.new("RGBA", (64, 64))])
def test_any_other_picture_is_refused(image: Image.Image) -> None:
    with pytest.raises(ValueError, match="expected RGB 64 x 64, got"):
        COMPACT.tensor(image)
