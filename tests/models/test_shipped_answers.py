"""What the shipped networks say of the gallery's pictures whose object they know."""

from __future__ import annotations

import pytest

from core.compare.answer import answer
from core.compare.view import View
from core.images.decode import decode
from core.images.samples import Sample, samples
from core.models.catalog import ARCHITECTURES
from core.models.weights import availability
from core.serving.networks import Networks
from core.variant import Variant

KNOWN = [one for one in samples() if one.expected]


@pytest.fixture(scope="module")
def networks() -> Networks:
    if not all(availability(network, "photos").present for network in ARCHITECTURES):
        pytest.skip("the photos weights are not all here")
    return Networks()


@pytest.mark.parametrize("sample", KNOWN, ids=lambda one: one.name)
def test_a_known_object_is_named_or_the_gallery_says_that_it_is_not(sample: Sample, networks: Networks) -> None:
    view = View(decode(sample.file.read_bytes(), sample.name))
    formats = ("fp32", "bf16", "fixed16", "fixed8", "int8")
    variants = [Variant(network, "photos", name) for network in ARCHITECTURES for name in formats]
    firsts = {variant: answer(networks, view, variant).top[0].label for variant in variants}
    wrong = {variant: label for variant, label in firsts.items() if label not in (sample.expected or ())}
    assert bool(wrong) == bool(sample.note), wrong


def test_some_sample_is_named_by_all() -> None:
    assert any(not one.note for one in KNOWN)
