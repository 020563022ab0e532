"""The plan of a job of layers: a value that is written and read back."""

from __future__ import annotations

import pytest

from core.errors import RequestError
from core.sweeps.layers.plan import LayersPlan
from core.variant import Calibration


def test_written_and_read_back() -> None:
    whole = LayersPlan("vgg16", "signs", "signs:50", (8, 2, 2), 30, 20, 7, Calibration("kl", False))
    assert LayersPlan.from_json(whole.to_json()) == whole
    assert whole.bits == (2, 8)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"network": "resnet"}, "There is no network named 'resnet'."),
        ({"bits": (1, 4)}, "A layer cannot have 1 bits. Give widths from 2 to 16"),
        ({"bits": ()}, "The plan names no widths."),
        ({"limit": 0}, "The plan takes no pictures."),
        ({"search": 0}, "The plan takes no pictures."),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        LayersPlan(**{"network": "vgg16", "weights": "signs", "data": "signs"} | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1}', '{"schema": 1, "bits": 5}'])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="This is not the plan of a job of layers"):
        LayersPlan.from_json(text)
