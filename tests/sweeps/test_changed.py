"""The pictures whose answer changed, against outcomes made by hand, and the address that opens one of them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest

from core.errors import DataError, RangeError
from core.models.labels import labels
from core.sweeps.changed import Answer, changed, disagreeing, thumbnails
from core.sweeps.link import compare_query
from core.sweeps.outcomes import Outcomes
from core.variant import Calibration, Variant
from tests.sweeps.by_hand import conditions, filled
from tests.sweeps.fakes import FakeSet, plan

NAMES = labels("photos")


def _outcomes(*rows: tuple[int | None, int, float, float], begin: int = 0) -> Outcomes:
    """Rows of truth, prediction, score and the true class's probability."""
    return Outcomes.from_rows(
        [
            (begin + place, truth, None if truth is None else 1 if truth == first else 2, first, score, probability)
            for place, (truth, first, score, probability) in enumerate(rows)
        ]
    )


BEFORE = _outcomes((0, 0, 0.9, 0.9), (1, 2, 0.6, 0.3), (2, 3, 0.5, 0.2), (3, 3, 0.8, 0.8), (4, 4, 0.7, 0.7))
AFTER = _outcomes((0, 1, 0.8, 0.1), (1, 1, 0.6, 0.6), (2, 4, 0.5, 0.1), (3, 3, 0.4, 0.4), (4, 0, 0.9, 0.05))


def test_what_was_lost_gained_and_wrong_both_times(tmp_path: Path) -> None:
    """Picture 3 keeps its answer; the confidence in the true class moves by 0.8, 0.65, 0.3 and 0.1."""
    chosen = plan()
    store, _ = filled(tmp_path, chosen, {0: [BEFORE], 1: [AFTER]})
    found = changed(store, conditions(chosen, 5), 1) or []
    assert [(one.picture, one.kind) for one in found] == [(0, "lost"), (4, "lost"), (1, "gained"), (2, "wrong")]
    assert [one.telling for one in found] == pytest.approx([0.8, 0.65, 0.3, 0.1])
    first = found[0]
    assert (first.truth, first.before, first.after) == (NAMES[0], Answer(NAMES[0], 0.9), Answer(NAMES[1], 0.8))
    assert [one.picture for one in changed(store, conditions(chosen, 5), 1, most=2) or []] == [0, 4]
    assert changed(store, conditions(chosen, 5), 0) == []


def test_equally_telling_pictures_come_in_their_order(tmp_path: Path) -> None:
    chosen = plan()
    alike = [(0, 0, 0.5, 0.5)] * 3, [(0, 1, 0.5, 0.25)] * 3
    store, _ = filled(tmp_path, chosen, {0: [_outcomes(*alike[0])], 1: [_outcomes(*alike[1])]})
    assert [one.picture for one in changed(store, conditions(chosen, 3), 1) or []] == [0, 1, 2]


def test_without_labels_two_sure_answers_tell_most(tmp_path: Path) -> None:
    chosen = plan()
    before = _outcomes((None, 0, 0.9, 0), (None, 0, 0.6, 0), (None, 5, 0.9, 0))
    after = _outcomes((None, 1, 0.2, 0), (None, 1, 0.7, 0), (None, 5, 0.1, 0))
    store, _ = filled(tmp_path, chosen, {0: [before], 1: [after]})
    found = changed(store, conditions(chosen, 3), 1) or []
    assert [(one.picture, one.kind, one.truth, one.telling) for one in found] == [
        (1, "unknown", None, 0.6),
        (0, "unknown", None, 0.2),
    ]


def test_each_network_is_compared_with_its_own_fp32(tmp_path: Path) -> None:
    chosen = plan(networks=("squeezenet", "vgg16"))
    store, _ = filled(tmp_path, chosen, {0: [AFTER], 1: [AFTER], 2: [BEFORE], 3: [AFTER]})
    assert changed(store, conditions(chosen, 5), 1) == []
    assert len(changed(store, conditions(chosen, 5), 3) or []) == 4


def test_without_fp32_there_is_nothing_to_differ_from(tmp_path: Path) -> None:
    chosen = plan(formats=("fixed8",))
    store, _ = filled(tmp_path, chosen, {0: [AFTER]})
    assert changed(store, conditions(chosen, 5), 0) is None
    chosen = plan()
    store, _ = filled(tmp_path / "failed", chosen, {1: [AFTER]})
    store.fail(0, RangeError("Too large.", "Choose BF16."))
    assert changed(store, conditions(chosen, 5), 1) is None


def test_where_formats_disagree(tmp_path: Path) -> None:
    """Three answers to picture 4, two to pictures 0, 1 and 2, one to picture 3; picture 5 one alone has answered."""
    chosen = plan(formats=("fp32", "fixed8", "int8"))
    third = _outcomes((0, 1, 0.7, 0.1), (1, 1, 0.5, 0.5), (2, 4, 0.3, 0.1), (3, 3, 0.4, 0.4), (4, 2, 0.9, 0.05))
    more = _outcomes((0, 1, 0.5, 0.1), begin=5)
    store, _ = filled(tmp_path, chosen, {0: [BEFORE], 1: [AFTER], 2: [third, more]})
    found = disagreeing(store, conditions(chosen, 6), (0, 1, 2))
    assert [one.picture for one in found] == [4, 0, 1, 2]
    assert found[0].truth == NAMES[4]
    assert found[0].answers == (Answer(NAMES[4], 0.7), Answer(NAMES[0], 0.9), Answer(NAMES[2], 0.9))
    assert [one.picture for one in disagreeing(store, conditions(chosen, 6), (1, 2), most=1)] == [4]


def test_thumbnails_are_squares_of_one_size() -> None:
    data = FakeSet(20, broken=[3])
    swept = conditions(plan(), 20)
    found = thumbnails(data, swept, [7, 3])
    assert [(one.picture, one.title, one.image is None) for one in found] == [(7, "7.png", False), (3, "3.png", True)]
    image = found[0].image
    assert image is not None and image.size == (96, 96)
    assert np.asarray(image)[48, 48].tolist() == [2, 7, 0]


def test_thumbnails_of_other_pictures_are_refused() -> None:
    with pytest.raises(DataError, match="The pictures of by hand have changed since they were swept"):
        thumbnails(FakeSet(20, fingerprint="another"), conditions(plan(), 20), [1])


def test_the_address_of_a_picture() -> None:
    chosen = plan(data="signs:200:7")
    query = compare_query(chosen, Variant("vgg16", "photos", "w4a8", "retrain", Calibration("percentile", False)), 17)
    assert query is not None
    assert parse_qs(query) == {
        "data": ["signs:200:7"],
        "picture": ["17"],
        "weights": ["Photos (200 classes)"],
        "networks": ["VGG-16"],
        "formats": ["FP32", "W4A8"],
        "regimes": ["RAW", "RE-TRAIN"],
        "calibrator": ["99.99th percentile"],
        "search": ["false"],
    }


def test_the_address_names_the_part_of_the_set_that_a_sweep_with_retraining_takes() -> None:
    chosen = plan(data="/pictures/pets", regimes=("raw", "retrain"))
    query = compare_query(chosen, Variant("vgg16", "photos", "fixed8"), 17)
    assert query is not None and parse_qs(query)["split"] == ["test"]
    without = compare_query(plan(data="/pictures/pets"), Variant("vgg16", "photos", "fixed8"), 17)
    assert without is not None and "split" not in parse_qs(without)


def test_fp32_stands_once_and_what_is_default_not_at_all() -> None:
    query = compare_query(plan(), Variant("squeezenet", "photos", "fp32"), 0)
    assert query is not None
    found = parse_qs(query)
    assert (found["formats"], found["regimes"]) == (["FP32"], ["RAW"])
    assert not {"calibrator", "search"} & set(found)


def test_weights_of_a_file_have_no_address() -> None:
    assert compare_query(plan(), Variant("vgg16", "/somewhere/mine.safetensors", "fp32"), 0) is None
