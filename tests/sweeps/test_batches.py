from __future__ import annotations

import threading
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from core.compare.view import View
from core.datasets.survey import Unreadable
from core.images.decode import Picture
from core.models.preprocessing import COMPACT, FULL, FULL_GOOGLENET
from core.models.weights import load_network
from core.quantization.graph import fold, trace
from core.sweeps.batches import ahead, batch_size, prepare
from tests.sweeps.fakes import FakeSet


class Noise(FakeSet):
    """Pictures of different sizes."""

    def picture(self, index: int) -> Image.Image:
        super().picture(index)
        shape = (50 + 7 * index, 90 - 3 * index, 3)
        return Image.fromarray(np.random.default_rng(index).integers(0, 256, shape, dtype=np.uint8))


def test_pictures_are_prepared_as_compare_prepares_them() -> None:
    data = Noise()
    batch = prepare(data, 3, [2, 5, 9], [COMPACT, FULL, FULL_GOOGLENET, COMPACT])
    assert (batch.number, batch.pictures, batch.skipped) == (3, (2, 5, 9), ())
    assert batch.inputs.keys() == {COMPACT, FULL, FULL_GOOGLENET}
    assert data.read == {2: 1, 5: 1, 9: 1}
    for place, index in enumerate(batch.pictures):
        view = View(Picture(data.picture(index), "", ""))
        for wanted, found in batch.inputs.items():
            assert torch.equal(found[place : place + 1], view.tensor(wanted))


def test_what_cannot_be_read_is_named_and_left_out() -> None:
    batch = prepare(FakeSet(broken=[1, 3]), 0, [0, 1, 2, 3], [COMPACT])
    assert batch.pictures == (0, 2)
    assert batch.skipped == (
        Unreadable(1, "1.png", "1.png cannot be decoded. Save it again."),
        Unreadable(3, "3.png", "3.png cannot be decoded. Save it again."),
    )
    assert batch.inputs[COMPACT].shape == (2, 3, 64, 64)
    assert prepare(FakeSet(broken=[1]), 0, [1], [COMPACT]).inputs == {}


def test_batches_are_sized_to_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compact SqueezeNet: 1.29 million values for a picture, and its largest unrolled convolution's."""
    graph = trace(fold(load_network("squeezenet", "photos").module), 64)
    values = 0
    for node in graph.nodes:
        values += int(np.prod(node.shape))
    unrolled = max(
        int(np.prod(node.weight.shape[1:])) * node.shape[1] * node.shape[2]
        for node in graph.nodes
        if node.kind == "conv2d" and node.weight is not None
    )
    for megabytes, expected in ((1, 1), (200, int(200e6) // (8 * (values + unrolled))), (100_000, 100)):
        monkeypatch.setenv("BITLENS_BATCH_MB", str(megabytes))
        assert batch_size([graph]) == expected
    assert 10 < int(200e6) // (8 * (values + unrolled)) < 25


def test_the_next_is_made_while_this_one_is_worked_on() -> None:
    made, second = [], threading.Event()

    def make(number: int) -> int:
        made.append(number)
        if number == 1:
            second.set()
        return number

    found = ahead(partial(make, number) for number in range(3))
    assert next(found) == 0
    assert second.wait(30)
    assert 2 not in made
    assert [*found] == [1, 2]
    assert made == [0, 1, 2]
    assert [*ahead(())] == []


def test_what_a_maker_raises_comes_out_in_its_turn() -> None:
    def fail() -> int:
        raise ZeroDivisionError

    found = ahead([lambda: 1, fail])
    assert next(found) == 1
    with pytest.raises(ZeroDivisionError):
        next(found)
