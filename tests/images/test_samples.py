"""The gallery: it is complete, may be redistributed, and its right answers exist."""

from __future__ import annotations

import pytest

from core.errors import RequestError
from core.images.decode import decode
from core.images.samples import Sample, sample, samples
from core.models.labels import labels

FREE = {"CC0 1.0", "Public domain", "CC BY 2.0"}
MOST_BYTES = 1_500_000


@pytest.mark.parametrize("one", samples(), ids=lambda one: one.name)
def test_a_sample_can_be_shown_and_shared(one: Sample) -> None:
    picture = decode(one.file.read_bytes(), one.name)
    assert min(picture.image.size) >= 224
    assert picture.note == ""
    low, high = zip(*picture.image.getextrema(), strict=True)
    assert max(high) - min(low) > 100  # a photograph, not a blank
    assert one.licence in FREE
    assert "CC BY" not in one.licence or one.source.startswith("https://")  # attribution names the work's own address
    assert all((one.title, one.alt, one.author, one.source))


def test_there_are_at_least_eight_different_ones() -> None:
    assert len({decode(one.file.read_bytes()).sha256 for one in samples()}) == len(samples()) >= 8
    assert len({one.name for one in samples()}) == len(samples())


def test_they_are_all_that_ships_and_small() -> None:
    files = {one.file for one in samples()}
    folder = next(iter(files)).parent
    assert files == {file for file in folder.iterdir() if file.suffix != ".json"}
    assert sum(file.stat().st_size for file in folder.iterdir()) <= MOST_BYTES


def test_the_right_answers_are_labels_of_the_networks() -> None:
    expected = {one.name: set(one.expected) for one in samples() if one.expected}
    assert {"cat", "coffee"} <= expected.keys()
    assert set().union(*expected.values()) <= set(labels("photos"))


def test_a_sample_is_found_by_its_name() -> None:
    assert sample("coffee").expected == ("espresso",)
    with pytest.raises(RequestError, match="no sample named 'dog'.*coffee, cat"):
        sample("dog")
