"""Classes of a set against labels of a network."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.imagenette import NAMES
from core.datasets.matching import Match, match, plain
from core.errors import DataError
from core.models.labels import labels, synsets

LABELS = ("German shepherd", "tabby", "crane (bird)", "crane (machine)", "Fälle", "tabby")
SYNSETS = ("n02106662", "n02123045", "n02012849", "n03126707", None, None)


@pytest.mark.parametrize(
    ("name", "flat"),
    [
        ("German_Shepherd", "german shepherd"),
        ("Double-bend  (LEFT first)", "double bend left first"),
        ("lady's slipper", "ladys slipper"),
        ("lady\u2019s slipper", "lady s slipper"),
        ("Crème brûlée", "creme brulee"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("  ", ""),
    ],
)
def test_plain_names(name: str, flat: str) -> None:
    assert plain(name) == flat


@given(st.text())
def test_a_plain_name_stays_plain(name: str) -> None:
    once = plain(name)
    assert plain(once) == once == once.strip()
    assert "  " not in once


def test_by_id_and_by_name() -> None:
    found = match(
        ("german_SHEPHERD", "whatever", "n02012849", "Crane (Machine)", "crane", "falle", "horse"),
        (None, "n02123045", None, None, None, None, "n02374451"),
        LABELS,
        SYNSETS,
    )
    assert found.outputs == (0, 1, 2, 3, None, 4, None)
    assert found.unmatched == ("crane", "horse")
    assert found.sentence == "2 of 7 classes are none of the network's and are left out: crane, horse."


def test_an_id_goes_before_a_name() -> None:
    assert match(("crane (bird)",), ("n03126707",), LABELS, SYNSETS).outputs == (3,)


def test_a_name_that_two_outputs_share_names_neither() -> None:
    assert match(("tabby", "n02106662"), (None, None), LABELS, SYNSETS).outputs == (None, 0)


def test_nothing_matches() -> None:
    with pytest.raises(
        DataError, match="None of the set's 2 classes .* such as 'German shepherd': a, b. Choose weights"
    ):
        match(("a", "b"), (None, None), LABELS, SYNSETS)


def test_an_unlabelled_set_has_nothing_to_match() -> None:
    assert match((), (), LABELS, SYNSETS) == Match((), ())
    assert Match((), ()).sentence == ""


def test_a_long_list_is_cut() -> None:
    names = [f"class {number}" for number in range(1_500)]
    found = match(["tabby cat", "n02123045", *names], [None] * 1_502, LABELS, SYNSETS)
    assert len(found.unmatched) == 1_501
    assert found.sentence.endswith("class 6 and 1,493 more.")


@pytest.mark.parametrize("name", ["photos", "imagenet", "signs"])
def test_every_label_matches_itself_however_it_is_written(name: str) -> None:
    written = list(labels(name))
    order = random.Random(0).sample(range(len(written)), len(written))
    shuffled = [written[place].upper().replace(" ", "_") for place in order]
    found = match(shuffled, [None] * len(order), written, synsets(name))
    assert list(found.outputs) == order


def test_imagenette_is_matched_to_imagenet_whole() -> None:
    found = match(list(NAMES.values()), list(NAMES), labels("imagenet"), synsets("imagenet"))
    assert found.unmatched == ()
    assert [synsets("imagenet")[output or 0] for output in found.outputs] == list(NAMES)
