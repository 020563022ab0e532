"""What hides a part of a sign never hides what it is."""

from __future__ import annotations

import numpy as np
import pytest

from core.datasets.signs.difficulty import FIXED
from core.datasets.signs.faces.catalogue import NAMES
from core.datasets.signs.faces.pyramid import THUMBNAIL
from core.datasets.signs.occluders import KINDS, Occluder, _share, draw_occluder, mask, telling

GREY = (9, 9, 9)
EVERYTHING = [([(-1.0, -1.0), (2.0, -1.0), (2.0, 2.0), (-1.0, 2.0)], GREY)]
FIRST_DIGIT = [([(0.2, 0.25), (0.5, 0.25), (0.5, 0.75), (0.2, 0.75)], GREY)]
RIM = [([(0.0, 0.0), (1.0, 0.0), (1.0, 0.12), (0.0, 0.12)], GREY)]


def test_a_mask_is_the_hidden_share_of_each_pixel() -> None:
    half = mask([([(-0.1, 0), (0.49, 0), (0.49, 1.1), (-0.1, 1.1)], GREY)]).reshape(THUMBNAIL, THUMBNAIL)
    assert half[:, :11].min() == 1
    assert half[:, 13:].max() == 0
    assert mask([]).sum() == 0
    assert mask(EVERYTHING).min() == 1


@pytest.mark.parametrize("label", range(len(NAMES)))
def test_nothing_hidden_and_everything_hidden(label: int) -> None:
    nothing, everything = mask([]), mask(EVERYTHING)
    assert telling(label, nothing) == pytest.approx(1)
    assert telling(label, everything) == pytest.approx(0)
    assert _share(label, nothing) == 0
    assert _share(label, everything) == pytest.approx(1)


def test_the_digit_that_matters() -> None:
    """With its first digit hidden, 30 could be 80; with a part of its rim hidden, it could not."""
    label = NAMES.index("Speed limit 30")
    assert telling(label, mask(FIRST_DIGIT)) < 0.1
    assert telling(label, mask(RIM)) > 0.8
    assert 0.02 < _share(label, mask(RIM)) < 0.12


def test_what_is_drawn_leaves_enough() -> None:
    found: list[tuple[int, Occluder]] = []
    for seed in range(600):
        rng = np.random.default_rng(seed)
        found.append((seed % len(NAMES), draw_occluder(rng, seed % len(NAMES))))
    some = [(label, one) for label, one in found if one.polygons]
    assert 0.4 < len(some) / len(found) < FIXED.occluded + 0.05
    for label, one in some:
        hidden = mask(list(one.polygons))
        assert telling(label, hidden) >= FIXED.telling
        assert one.share == pytest.approx(_share(label, hidden))
    assert max(one.share for _, one in some) > 0.25
    assert any(one.stuck for _, one in some) and not all(one.stuck for _, one in some)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_hides_something_often(kind: object) -> None:
    hidden = [mask(kind(np.random.default_rng(seed))).mean() for seed in range(40)]  # type: ignore[operator]
    assert np.mean(np.array(hidden) > 0.01) > 0.6
    assert max(hidden) < 0.5
