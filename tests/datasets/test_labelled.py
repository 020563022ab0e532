from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.datasets import tiny_imagenet
from core.datasets.labelled import Part, fingerprint
from core.datasets.tiny_imagenet import Split


def _split(count: int = 300) -> Split:
    images = np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(3, 1).repeat(4, 2).repeat(4, 3)
    return Split(images, np.arange(count, dtype=np.int64), np.zeros((count, 4), np.float32))


def test_a_part_is_its_places() -> None:
    part = Part(_split(), np.array([9, 5, 7]))
    assert len(part) == 3
    assert part.take(np.array([2, 0])).labels.tolist() == [7, 9]


def test_the_fingerprint_changes_with_what_it_sees() -> None:
    whole, found = _split(), fingerprint(_split())
    assert found == fingerprint(_split()) and len(found) == 64
    for name in ("images", "labels", "boxes"):
        other = Split(whole.images.copy(), whole.labels.copy(), whole.boxes.copy())
        getattr(other, name)[200] += 1
        assert fingerprint(other) != found
    assert fingerprint(_split(299)) != found


def test_tiny_imagenets_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tiny_imagenet, "load", lambda folder, name, cache: _split() if name == "train" else None)
    monkeypatch.setattr(tiny_imagenet.hold_back, "__defaults__", (0, 50))
    data = tiny_imagenet.training_data(tmp_path, tmp_path)
    kept, held_back = tiny_imagenet.hold_back(300)
    assert data.train.take(np.arange(len(data.train))).labels.tolist() == kept.tolist()
    assert data.held_back.take(np.arange(len(data.held_back))).labels.tolist() == held_back.tolist()
    assert (data.title, data.labels, data.mirrored) == ("Tiny ImageNet", "photos", True)
    assert data.fingerprint == fingerprint(_split())
