"""What two programs share is not run again, and nothing of it can be seen in the integers."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings

from core.engines import reference, shared
from core.quantization.mixed import Mixed
from tests.quantization.networks import pictures
from tests.quantization.test_mixed import FIXED8, GROUPS, LAYERS, assignments, program

BATCHES = [pictures(3), pictures(2, seed=2)]
ROOM = 10**9


@given(assignments(), assignments())
@settings(max_examples=15)
def test_a_shared_run_equals_a_run_of_its_own(one: Mixed, other: Mixed) -> None:
    before, after = program(one), program(other)
    found = shared.run(before, BATCHES, ROOM).then(after)
    for batch, values in zip(BATCHES, found.values, strict=True):
        whole = reference.run(after, batch)
        assert values.keys() == whole.keys()
        assert all(torch.equal(values[name].double(), whole[name]) for name in whole)
    outputs = [reference.outputs(after, reference.run(after, batch))[0] for batch in BATCHES]
    assert torch.equal(found.outputs, torch.cat(outputs))


@pytest.mark.parametrize("place", range(len(LAYERS)))
def test_only_what_comes_after_the_changed_layer_is_run(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shared.run(program(Mixed(FIXED8)), BATCHES[:1], ROOM)
    after, ran, step = program(Mixed(FIXED8, {LAYERS[place]: 4})), list[str](), reference.step
    monkeypatch.setattr(reference, "step", lambda *given: ran.append(given[0].name) or step(*given))
    before.then(after)
    touched = {LAYERS[place]}
    for operation in after.operations:
        if touched.intersection(operation.inputs):
            touched.add(operation.name)
    assert set(ran) == touched


def test_an_activation_width_touches_every_edge_of_its_scale_group() -> None:
    group = GROUPS[0]
    same = shared.unchanged(program(Mixed(FIXED8)), program(Mixed(FIXED8, {}, {group: 5})))
    assert group not in same and same
    assert shared.unchanged(program(Mixed(FIXED8)), program(Mixed(FIXED8))) == program(Mixed(FIXED8)).edges.keys()


@pytest.mark.parametrize("batches_kept", [0, 1, 2])
def test_batches_beyond_the_memory_are_run_whole(batches_kept: int) -> None:
    first = program(Mixed(FIXED8))
    each = shared.kept_bytes(first)
    found = shared.run(first, BATCHES, [0, 3 * each, 5 * each][batches_kept])
    assert len(found.values) == batches_kept
    changed = program(Mixed(FIXED8, {LAYERS[1]: 3}))
    assert torch.equal(found.then(changed).outputs, shared.run(changed, BATCHES, ROOM).outputs)


def test_kept_integers_take_the_bytes_that_are_counted() -> None:
    found = shared.run(program(Mixed(FIXED8, {}, {GROUPS[0]: 12})), BATCHES[:1], ROOM)
    kept = sum(values.nbytes for values in found.values[0].values())
    assert kept == 3 * shared.kept_bytes(found.program)
