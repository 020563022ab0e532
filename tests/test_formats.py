"""The registry against torch's and numpy's own tables."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.errors import RequestError
from core.formats import FORMATS, limits, number_format
from core.quantization import affine

FLOATS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
INTEGERS = {"fixed8": np.int8, "fixed16": np.int16}


@pytest.mark.parametrize("name", FLOATS)
def test_floats_are_torchs(name: str) -> None:
    found, known = number_format(name), torch.finfo(FLOATS[name])
    assert found.range == found.weight_range == (known.min, known.max)
    assert found.step == known.eps
    assert found.weight_bits == found.activation_bits == known.bits
    assert found.exponent_bits + found.fraction_bits + 1 == known.bits
    assert known.smallest_normal == 2.0 ** (2 - 2 ** (found.exponent_bits - 1))
    assert found.dtype is not None and getattr(torch, found.dtype) is FLOATS[name]


@pytest.mark.parametrize("name", FLOATS)
def test_the_step_is_the_distance_to_the_number_after_one(name: str) -> None:
    one = torch.ones((), dtype=FLOATS[name])
    after = torch.nextafter(one, one + 1)
    assert number_format(name).step == float(after) - 1


def test_bits_of_exponent_and_fraction() -> None:
    found = {name: (entry.exponent_bits, entry.fraction_bits) for name, entry in FORMATS.items()}
    floats = {"fp32": (8, 23), "fp16": (5, 10), "bf16": (8, 7)}
    assert found == floats | {"fixed16": (0, 0), "fixed8": (0, 0), "int8": (0, 0)}
    for name in ("fp32", "fp16"):
        known = np.finfo(number_format(name).dtype)
        assert found[name] == (known.nexp, known.nmant)


@pytest.mark.parametrize("name", INTEGERS)
def test_fixed_point_is_twos_complement(name: str) -> None:
    found, known = number_format(name), np.iinfo(INTEGERS[name])
    assert found.range == found.weight_range == (known.min, known.max)
    assert found.step == 1


@pytest.mark.parametrize("bits", range(2, 17))
def test_every_width_has_the_range_that_is_computed_in(bits: int) -> None:
    found = number_format(f"fixed{bits}")
    assert found.range == found.weight_range == limits(bits)
    assert found.range[1] - found.range[0] + 1 == 2**bits


def test_weights_and_activations_apart() -> None:
    found = number_format("w4a8")
    assert (found.weight_range, found.range) == ((-8, 7), (-128, 127))


def test_int8_holds_activations_unsigned_and_weights_symmetric() -> None:
    found = number_format("int8")
    assert found.range == (torch.iinfo(torch.uint8).min, torch.iinfo(torch.uint8).max) == (affine.LOW, affine.HIGH)
    assert found.weight_range == (-torch.iinfo(torch.int8).max, torch.iinfo(torch.int8).max)
    assert found.weight_range == (-affine.LARGEST_WEIGHT, affine.LARGEST_WEIGHT)
    assert found.step == 1


def test_bytes_and_how_many_fit_a_register() -> None:
    found = {name: (entry.weight_bytes, entry.per_register) for name, entry in FORMATS.items()}
    assert found == {
        "fp32": (4, 1),
        "fp16": (2, 2),
        "bf16": (2, 2),
        "fixed16": (2, 2),
        "fixed8": (1, 4),
        "int8": (1, 4),
    }
    assert (number_format("w4a8").weight_bytes, number_format("w4a8").per_register) == (0.5, 4)
    assert (number_format("fixed6").weight_bytes, number_format("fixed6").per_register) == (0.75, 5)


@pytest.mark.parametrize("name", ["fixed1", "fixed17", "w1a8", "w4a17", "fp8", "int4", ""])
def test_what_is_no_format(name: str) -> None:
    with pytest.raises(RequestError, match="There is no number format named"):
        number_format(name)
