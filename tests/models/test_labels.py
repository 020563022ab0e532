from __future__ import annotations

import re

import pytest
from torchvision.models import SqueezeNet1_1_Weights

from core.datasets.signs.faces.catalogue import NAMES
from core.errors import RequestError
from core.models.labels import labels, synsets


@pytest.mark.parametrize(("name", "count"), [("photos", 200), ("imagenet", 1000)])
def test_each_output_has_one_label_of_its_own(name: str, count: int) -> None:
    assert len(labels(name)) == len(synsets(name)) == count
    assert len({label.lower() for label in labels(name)}) == count
    assert len(set(synsets(name))) == count


@pytest.mark.parametrize("name", ["photos", "imagenet"])
def test_labels_are_plain_words(name: str) -> None:
    for label in labels(name):
        assert re.fullmatch(r"[A-Za-z][A-Za-z' -]*( \([a-z]+\))?", label), label


@pytest.mark.parametrize("name", ["photos", "imagenet"])
def test_outputs_are_in_the_order_of_their_synset_ids(name: str) -> None:
    assert list(synsets(name)) == sorted(synsets(name))
    assert all(re.fullmatch(r"n\d{8}", wnid) for wnid in synsets(name))


def test_imagenet_is_in_the_order_of_the_published_networks() -> None:
    published = SqueezeNet1_1_Weights.IMAGENET1K_V1.meta["categories"]
    same = [ours == theirs for ours, theirs in zip(labels("imagenet"), published, strict=True)]
    assert sum(same) > 750
    # A shift by one anywhere would leave a long run without a single agreement.
    assert all(any(same[begin : begin + 25]) for begin in range(0, 1000, 25))


def test_a_class_is_called_the_same_in_both_sets() -> None:
    imagenet = dict(zip(synsets("imagenet"), labels("imagenet"), strict=True))
    shared = [(imagenet[wnid], label) for wnid, label in zip(synsets("photos"), labels("photos"), strict=True)]
    assert len(shared) == 200
    assert all(ours == theirs for ours, theirs in shared)


@pytest.mark.parametrize(
    ("wnid", "label"),
    [
        ("n02106662", "German shepherd"),
        ("n02123045", "tabby"),
        ("n07920052", "espresso"),
        ("n04146614", "school bus"),
        ("n03126707", "crane (machine)"),
    ],
)
def test_known_classes(wnid: str, label: str) -> None:
    for name in ("photos", "imagenet"):
        assert labels(name)[synsets(name).index(wnid)] == label


def test_an_unknown_set_is_refused() -> None:
    with pytest.raises(RequestError, match="'birds'.*photos, imagenet, signs"):
        labels("birds")


def test_signs_are_named_as_they_are_drawn() -> None:
    assert labels("signs") == NAMES
    assert synsets("signs") == (None,) * len(NAMES)
