"""A whole job on a small network: equal to programs run one by one, the same in one piece and in many, and without leakage."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from scipy.stats import entropy
from torch import Tensor

from core.engines import reference
from core.errors import DataError, RequestError
from core.formats import number_format
from core.jobs.store import JobStore
from core.quantization.fixed_point import Lengths
from core.quantization.lower import lower
from core.quantization.mixed import Mixed
from core.sweeps.layers import begin as beginning
from core.sweeps.layers import trying
from core.sweeps.layers.carry_out import carry_out
from core.sweeps.layers.export import document
from core.sweeps.layers.records import Closeness
from core.sweeps.layers.store import LayersStore
from core.sweeps.layers.subject import WIDE, Subject
from core.sweeps.plan import chosen
from core.variant import Calibration
from tests.sweeps.layers.by_hand import LIKE, PLAN, Noise, OneNetwork, begun, prepared, sets


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "batch_size", lambda graphs: 5)


class Stopped(Exception):
    """In place of whatever ends a process."""


def _stop_after(calls: int) -> Callable[[], None]:
    left = iter(range(calls))

    def check() -> None:
        if next(left, None) is None:
            raise Stopped

    return check


def _dump(store: LayersStore) -> list[tuple[Any, ...]]:
    with store.jobs.database.transaction(write=False) as sql:
        return sql.execute("SELECT part, name, found FROM layers_found ORDER BY part, name").fetchall()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> LayersStore:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beginning, "batch_size", lambda graphs: 5)
        store = begun(tmp_path_factory.mktemp("whole"))
        carry_out(PLAN, store, sets(), OneNetwork())  # type: ignore[arg-type]
    return store


@cache
def subject() -> Subject:
    return Subject(prepared(), Calibration())


def _inputs(split: str, numbers: list[int]) -> Tensor:
    data = Noise(split)
    return LIKE.normalise(np.stack([np.asarray(data.picture(one)).transpose(2, 0, 1) for one in numbers]))


def _exact(x: Tensor) -> np.ndarray:
    with torch.no_grad():
        return np.asarray(prepared().folded(x)[0].double().numpy())


def test_each_layer_alone_is_what_its_program_answers(whole: LayersStore) -> None:
    """Divergence by scipy, program by program, without anything shared."""
    x = _inputs("val", chosen(40, PLAN.search, PLAN.seed))
    exact = _exact(x)
    baseline, *rows = whole.sensitivity()
    assert (baseline.layer, baseline.bits) == ("", 16) and baseline.found.divergence < 1e-4
    assert [(row.layer, row.bits) for row in rows] == [
        (layer.name, bits) for layer in subject().layers for bits in (2, 5)
    ]
    for row in rows:
        program = subject().alone(row.layer, row.bits)
        scores = reference.outputs(program, reference.run(program, x))[0].numpy()
        each = entropy(np.exp(log_softmax(exact, 1)), np.exp(log_softmax(scores, 1)), axis=1)
        assert row.found.divergence == pytest.approx(each.mean(), rel=1e-4, abs=1e-9)
        error = each.std(ddof=1) / len(each) ** 0.5
        assert np.log(row.found.high / each.mean()) == pytest.approx(1.96 * error / each.mean(), rel=1e-3)
        assert np.log(row.found.low / each.mean()) == pytest.approx(-1.96 * error / each.mean(), rel=1e-3)
        assert row.found.agreement.percent == 100 * np.mean(exact.argmax(1) == scores.argmax(1))


def test_one_layer_alone_changes_its_weights_and_its_scale_group_only() -> None:
    names = [layer.name for layer in subject().layers]
    assert names == ["stem_0", "left", "right_0", "skip", "head_1"]
    assert subject().left_out == ("box",)
    program, wide = subject().alone("left", 4), subject().program(Mixed(WIDE))
    changed = {name for name, edge in program.edges.items() if edge.high != wide.edges[name].high}
    assert changed == {"left", "right_0", "cat"}
    accumulator = subject().alone("head_1", 4)
    assert {name for name, edge in accumulator.edges.items() if edge.high != wide.edges[name].high} == {"head_1"}


def test_the_path_is_what_its_programs_answer(whole: LayersStore) -> None:
    x = _inputs("val", chosen(40, PLAN.search, PLAN.seed))
    exact, path = _exact(x), whole.path()
    assert path[0].bits == (8,) * 5 and len(path) > 3
    for before, step in pairwise(path):
        assert sum(before.bits) - sum(step.bits) == 1
    for step in path:
        program = subject().mixed(step.bits)
        scores = reference.outputs(program, reference.run(program, x))[0].numpy()
        each = entropy(np.exp(log_softmax(exact, 1)), np.exp(log_softmax(scores, 1)), axis=1)
        assert step.divergence == pytest.approx(each.mean(), rel=1e-4, abs=1e-9)
        assert step.weight_bytes == program.weight_bytes


def test_the_front_is_scored_on_the_other_pictures(whole: LayersStore) -> None:
    numbers = chosen(40, PLAN.limit, PLAN.seed)
    x, truth = _inputs("test", numbers), np.array(numbers) % 10
    exact = _exact(x).argmax(1)
    fp32, *others = whole.front()
    assert (fp32.kind, fp32.engine, fp32.arithmetic, fp32.images, fp32.agreement) == (
        *("fp32", "torch", "native"),
        *(14, 100.0),
    )
    assert fp32.top1 is not None and fp32.top1.percent == pytest.approx(100 * np.mean(exact == truth))
    assert [one.format for one in others[:7]] == [*(f"w{bits}a8" for bits in range(2, 8)), "fixed8"]
    assert {one.kind for one in others[7:]} == {"mixed"}
    for one in others:
        program = subject().program(Mixed(number_format("fixed8"), one.bits))
        answers = reference.outputs(program, reference.run(program, x))[0].numpy().argmax(1)
        assert one.top1 is not None and one.top1.percent == pytest.approx(100 * np.mean(answers == truth))
        assert one.agreement == pytest.approx(100 * np.mean(answers == exact))
        assert (one.weight_bytes, one.engine, one.arithmetic) == (program.weight_bytes, "reference", "emulated")


def test_a_uniform_point_is_the_very_program_of_its_format() -> None:
    found = subject().mixed((4,) * 5)
    lengths = Lengths(subject().lengths(4).weights, subject().lengths(8).activations)
    same = lower(subject().graph, lengths, number_format("w4a8"))
    x = _inputs("val", [0, 1])
    one, other = reference.run(found, x), reference.run(same, x)
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
    assert found.weight_bytes == same.weight_bytes


def test_the_front_knows_what_the_search_pictures_said_of_it(whole: LayersStore) -> None:
    """Of a uniform width where the search came by its very program, of FIXED-8 always: it begins there."""
    agreement = {step.bits: step.agreement for step in whole.path()}
    fp32, *others = whole.front()
    assert fp32.searched is None
    assert [one.searched for one in others] == [agreement.get(tuple(one.bits.values())) for one in others]
    assert None not in {one.searched for one in others if one.kind == "mixed" or one.format == "fixed8"}


def test_what_is_scored_has_chosen_nothing(tmp_path: Path) -> None:
    """When the first picture of the test split is read, the points are chosen; none of the split val is read to score."""
    store, both = begun(tmp_path), sets()
    known = list[int]()
    picture = both.scored.picture

    def read(index: int) -> Any:
        known.append(len(store.found("points")))
        return picture(index)

    both.scored.picture = read  # type: ignore[method-assign]
    carry_out(PLAN, store, both, OneNetwork())  # type: ignore[arg-type]
    assert known and min(known) == len(store.front())
    assert both.searched.read == dict.fromkeys(chosen(40, 12, 0), 1)  # type: ignore[attr-defined]
    assert both.scored.read == dict.fromkeys(chosen(40, 14, 0), 1)  # type: ignore[attr-defined]


@pytest.mark.parametrize("after", [1, 7, 23])
def test_a_job_that_is_stopped_again_and_again_finds_the_same(
    tmp_path: Path, whole: LayersStore, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, stops, measured = begun(tmp_path), 0, list[int]()
    closeness = trying.Trying._close

    def counted(self: trying.Trying, run: Any) -> Closeness:
        measured.append(1)
        return closeness(self, run)

    monkeypatch.setattr(trying.Trying, "_close", counted)
    while stops < 500:
        try:
            carry_out(PLAN, store, sets(), OneNetwork(), check=_stop_after(after))  # type: ignore[arg-type]
        except Stopped:
            stops += 1
            continue
        break
    assert 2 < stops < 500
    assert _dump(store) == _dump(whole)
    assert len(measured) == len(whole.found("sensitivity")) + len(whole.found("search"))


def test_a_job_that_dies_as_its_front_is_written_down_finds_the_same(
    tmp_path: Path, whole: LayersStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, real, died = begun(tmp_path), JobStore.advance, list[int]()

    def dies(self: JobStore, sql: Any, *arguments: Any) -> None:
        real(self, sql, *arguments)
        (count,) = sql.execute("SELECT count(*) FROM layers_found WHERE part = 'points'").fetchone()
        died.extend([count] if count else [])
        if len(died) == 2:  # behind the first write that left points there
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(JobStore, "advance", dies)
        with pytest.raises(Stopped):
            carry_out(PLAN, store, sets(), OneNetwork())  # type: ignore[arg-type]
    assert len(died) == 2
    carry_out(PLAN, store, sets(), OneNetwork())  # type: ignore[arg-type]
    assert _dump(store) == _dump(whole)


@pytest.mark.parametrize("broken", [(), (chosen(40, 12, 0)[1],)], ids=["readable", "one cannot be read"])
@pytest.mark.parametrize("after", [8, 60])
def test_a_job_that_goes_on_is_no_less_far_than_it_was(tmp_path: Path, after: int, broken: tuple[int, ...]) -> None:
    """Stopped among the layers, and among the points: nothing is measured anew, but the work comes by the same places."""
    store, seen = begun(tmp_path), list[float]()
    with pytest.raises(Stopped):
        carry_out(PLAN, store, sets(broken=broken), OneNetwork(), check=_stop_after(after))  # type: ignore[arg-type]
    before = store.jobs.get(store.job).progress

    def look() -> None:
        seen.append(store.jobs.get(store.job).progress)

    def looked(*arguments: Any) -> None:
        look()
        real(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        real = LayersStore.record
        patch.setattr(LayersStore, "record", looked)
        carry_out(PLAN, store, sets(broken=broken), OneNetwork(), check=look)  # type: ignore[arg-type]
    assert seen[0] == before and seen == sorted(seen) and seen[-1] == 1.0


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    told, store = list[float](), begun(tmp_path)
    carry_out(PLAN, store, sets(), OneNetwork(), report=told.append)  # type: ignore[arg-type]
    assert told == sorted(told) and told[0] > 0.0 and told[-1] == 1.0
    assert store.jobs.get(store.job).progress == 1.0


def test_pictures_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    broken = (chosen(40, 12, 0)[1], chosen(40, 14, 0)[0])
    store = begun(tmp_path)
    carry_out(PLAN, store, sets(broken=broken), OneNetwork())  # type: ignore[arg-type]
    assert {one.title for one in store.unreadable()} == {f"{index}.png" for index in broken}
    lost = len(set(broken) & set(chosen(40, 14, 0)))
    assert {one.images for one in store.front()} == {14 - lost}
    with pytest.raises(DataError, match="None of the pictures can be read."):
        carry_out(PLAN, begun(tmp_path / "none"), sets(broken=tuple(range(40))), OneNetwork())  # type: ignore[arg-type]


def test_without_labels_there_is_agreement_alone(tmp_path: Path) -> None:
    store = begun(tmp_path)
    carry_out(PLAN, store, sets(labelled=False), OneNetwork())  # type: ignore[arg-type]
    assert {one.top1 for one in store.front()} == {None} and store.front()[0].agreement == 100.0
    assert {row.found.top1 for row in store.sensitivity()} == {None}


def test_before_it_has_begun_there_is_nothing(tmp_path: Path) -> None:
    store = begun(tmp_path)
    assert (store.conditions(), store.sensitivity(), store.path(), store.front()) == (None, [], [], [])


def test_other_pictures_or_lengths_cannot_be_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = begun(tmp_path)
    with pytest.raises(Stopped):
        carry_out(PLAN, store, sets(), OneNetwork(), check=_stop_after(3))  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="Since this job was begun, the data set has changed"):
        carry_out(PLAN, store, sets(total=41), OneNetwork())  # type: ignore[arg-type]
    monkeypatch.setattr(beginning, "version", lambda package: "99.0")
    with pytest.raises(RequestError, match=r"torch \(2.* then, 99.0 now\) has changed"):
        carry_out(PLAN, store, sets(), OneNetwork())  # type: ignore[arg-type]


def test_conditions_are_read_back(whole: LayersStore) -> None:
    found = whole.conditions()
    assert found is not None and type(found).from_json(found.to_json()) == found
    assert found.left_out == ("box",) and [layer.title for layer in found.layers][:2] == ["stem.0", "left"]
    assert (found.searched, found.scored, found.batch) == ("Noise (val)", "Noise (test)", 5)
    assert found.calibrated["FIXED-4"] == "greedy search over pictures by hand" and not found.preliminary


def test_folders_stay_out_of_the_document(whole: LayersStore) -> None:
    found = whole.conditions()
    assert found is not None
    plan = replace(PLAN, data="/home-of-somebody/pets", weights="/home-of-somebody/mine.st")
    said = document(plan, whole, replace(found, weights=plan.weights))
    assert "home-of-somebody" not in json.dumps(said)
    assert (said["plan"]["data"], said["plan"]["weights"], said["conditions"]["weights"]) == (
        "pets",
        "mine.st",
        "mine.st",
    )


def test_retrained_weights_fit_no_other_widths() -> None:
    loaded: Any = SimpleNamespace(**vars(prepared().loaded) | {"retrained": SimpleNamespace(format="fixed4")})
    with pytest.raises(RequestError, match="These weights were retrained for FIXED-4: other widths do not fit them."):
        Subject(replace(prepared(), loaded=loaded), Calibration())
