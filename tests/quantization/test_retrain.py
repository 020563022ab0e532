"""RE-TRAIN on a small problem: the integer program gains, the seed decides, and whoever waits can stop it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.engines import reference
from core.errors import BitlensError, Cancelled, RangeError, RequestError
from core.formats import number_format
from core.quantization import retrain as module
from core.quantization.fixed_point import Lengths
from core.quantization.lower import lower
from core.quantization.prepare import executable
from core.quantization.retrain import Options, Outcome, Progress, retrain
from core.quantization.score import Scores, score
from core.quantization.search import cost, search
from core.quantization.simulate import run_float
from core.training.run import box_loss
from core.variant import Calibration
from tests.quantization.gratings import SMALL, data, gratings, prepared, trained

OPTIONS = Options(rate=1e-3, epochs=2, smallest_crop=1.0)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def run(name: str, options: Options = OPTIONS, **others: object) -> Outcome:
    return retrain(prepared(trained()), number_format(name), data(), options, **others)


def program_scores(outcome: Outcome, name: str) -> Scores:
    """Of the reference engine, on the held-back pictures."""
    assert outcome.quantizers is not None
    program = lower(outcome.graph, outcome.quantizers, number_format(name))
    return score(lambda x: reference.outputs(program, reference.run(program, x)), data().held_back, SMALL)


def raw_scores(name: str) -> Scores:
    return score(executable(prepared(trained()), number_format(name), Calibration()).run, data().held_back, SMALL)


def same(one: Outcome, other: Outcome) -> bool:
    pairs = zip(one.graph.weighted, other.graph.weighted, strict=True)
    return all(torch.equal(a.weight, b.weight) and torch.equal(a.bias, b.bias) for a, b in pairs)


@pytest.mark.parametrize(("name", "least"), [("fixed4", 5), ("fixed3", 20), ("w2a4", 10), ("int8", 0)])
def test_the_integer_program_gains(name: str, least: float) -> None:
    outcome = run(name)
    before, after = raw_scores(name), program_scores(outcome, name)
    assert after.top1 >= before.top1 + least
    assert after.loss < before.loss
    # What the epoch was chosen by is the program's own score.
    assert (outcome.scores[0].top1, outcome.scores[outcome.best].top1) == (before.top1, after.top1)


def test_fp32_is_trained_alike_as_the_control() -> None:
    outcome = run("fp32")
    assert (outcome.quantizers, outcome.calibrated) == (None, "")
    assert len(outcome.losses) == 2 * (1024 // 64)
    found = score(
        lambda x: tuple(run_float(outcome.graph, x)[name] for name in outcome.graph.outputs), data().held_back, SMALL
    )
    assert found.top1 == outcome.scores[outcome.best].top1
    assert found.loss < outcome.scores[0].loss


def test_the_seed_decides() -> None:
    one, again, other = run("fixed4"), run("fixed4"), run("fixed4", replace(OPTIONS, seed=1))
    assert same(one, again) and one.losses == again.losses and one.scores == again.scores
    assert not same(one, other)


def test_what_is_retrained_stays_as_it_was() -> None:
    model = prepared(trained())
    before = [node.weight.clone() for node in model.graph.weighted]
    retrain(model, number_format("fixed4"), data(), OPTIONS)
    assert all(torch.equal(node.weight, kept) for node, kept in zip(model.graph.weighted, before, strict=True))


def test_every_step_is_reported_and_every_epoch_scored() -> None:
    steps: list[Progress] = []
    outcome = run("fixed4", replace(OPTIONS, steps=3), report=steps.append)
    plain = [step for step in steps if step.scores is None]
    assert (steps[0].step, steps[0].epoch) == (0, -1) and np.isnan(steps[0].loss)
    assert [(step.step, step.steps, step.epoch) for step in plain] == [(n, 6, (n - 1) // 3) for n in range(1, 7)]
    assert tuple(step.loss for step in plain) == outcome.losses
    assert tuple(step.scores for step in steps if step.scores is not None) == outcome.scores


def test_the_loss_is_cross_entropy_and_the_boxs() -> None:
    """Of the first batch, before any update, taken apart by hand: no label smoothing."""
    model = prepared(trained())
    outcome = retrain(model, number_format("fp32"), data(), replace(OPTIONS, epochs=1, steps=1, box_weight=0.5))
    places = np.sort(np.random.default_rng((0, 0)).permutation(1024)[:64])
    batch = data().train.take(places)
    scores, box = (run_float(model.graph, SMALL.normalise(batch.images))[name] for name in model.graph.outputs)
    expected = F.cross_entropy(scores, torch.from_numpy(batch.labels)) + 0.5 * box_loss(
        box, torch.from_numpy(batch.boxes)
    )
    assert outcome.losses[0] == pytest.approx(float(expected), rel=1e-3)
    without = retrain(model, number_format("fp32"), data(boxes=False), replace(OPTIONS, epochs=1, steps=1))
    assert without.losses[0] == pytest.approx(float(F.cross_entropy(scores, torch.from_numpy(batch.labels))), rel=1e-3)


def test_the_best_epoch_is_kept() -> None:
    """A rate that destroys what was learned: the weights from before training are the best."""
    steps: list[Progress] = []
    outcome = run("fixed8", replace(OPTIONS, rate=3.0, epochs=1), report=steps.append)
    assert outcome.best == 0 and outcome.scores[1].top1 < 50
    weights = zip(outcome.graph.weighted, prepared(trained()).graph.weighted, strict=True)
    assert all(torch.equal(one.weight, other.weight) for one, other in weights)


def test_the_best_is_the_first_of_equals_by_top1_then_by_loss() -> None:
    scores = [Scores(50, 90, 1.0), Scores(60, 80, 1.2), Scores(60, 90, 1.1), Scores(55, 99, 0.1)]
    assert max(scores, key=lambda one: one.key) == scores[2]


@pytest.mark.parametrize("stop", [0, 3, 20])
def test_it_can_be_stopped_at_any_step(stop: int) -> None:
    steps: list[Progress] = []
    with pytest.raises(Cancelled, match="The retraining was stopped."):
        run("fixed4", report=steps.append, cancelled=lambda: len(steps) >= stop)
    assert len(steps) == stop


def test_lengths_are_frozen_or_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen, model = run("w4a2"), prepared(trained())
    assert frozen.calibrated == "least squared error over 64 gratings, before retraining"
    found: list[Lengths] = []

    def spied(graph, start, format, pictures, budget, targets):  # type: ignore[no-untyped-def]
        """What is searched: the retrained graph from its own lengths, towards the FP32 answers from before."""
        assert start == frozen.quantizers
        exact = run_float(model.graph, pictures)
        assert cost(targets, [exact[name] for name in model.graph.outputs]) == pytest.approx(0, abs=1e-6)
        found.append(search(graph, start, format, pictures, budget, targets=targets))
        return found[0]

    monkeypatch.setattr(module, "search", spied)
    searched = run("w4a2", replace(OPTIONS, lengths="search"))
    assert same(frozen, searched) and frozen.scores == searched.scores
    assert searched.quantizers == found[0] != frozen.quantizers
    assert searched.calibrated == "greedy search over 128 held-back pictures of Gratings after retraining"
    assert program_scores(searched, "w4a2").top1 > program_scores(frozen, "w4a2").top1 + 5


def test_a_search_that_makes_it_worse_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(graph, start, *_, **__):  # type: ignore[no-untyped-def]
        return replace(start, weights={name: length + 2 for name, length in start.weights.items()})

    monkeypatch.setattr(module, "search", spoil)
    outcome = run("fixed4", replace(OPTIONS, lengths="search"))
    assert outcome.quantizers == run("fixed4").quantizers
    assert outcome.calibrated.endswith("; a search after retraining found none better")


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("fp16", {}, "FP16 is not retrained."),
        ("int8", {"lengths": "search"}, "INT8 has no fractional lengths to search for."),
        ("fp32", {"lengths": "search"}, "FP32 has no fractional lengths to search for."),
        ("fixed4", {"rate": 0.0}, "A learning rate of 0 trains nothing."),
        ("fixed4", {"rate": float("nan")}, "A learning rate of nan trains nothing."),
        ("fixed4", {"epochs": 0}, "Epochs, steps and batch size are counted from 1."),
        ("fixed4", {"steps": 0}, "Epochs, steps and batch size are counted from 1."),
    ],
)
def test_what_cannot_be_asked_for(name: str, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        run(name, replace(OPTIONS, **options))


def test_data_of_other_classes_is_refused() -> None:
    with pytest.raises(RequestError, match="x.pth tells other classes apart than Gratings has."):
        retrain(prepared(), number_format("fixed4"), replace(data(), labels="imagenet"), OPTIONS)


def test_a_loss_that_is_no_number_is_told() -> None:
    with pytest.raises(RangeError, match="is no number") as caught:
        run("fp32", replace(OPTIONS, rate=1e30))
    assert isinstance(caught.value, BitlensError) and "lower learning rate" in caught.value.remedy


def test_fewer_pictures_than_a_batch_are_one() -> None:
    few = replace(data(), train=gratings(10, 0))
    assert len(retrain(prepared(trained()), number_format("fixed4"), few, OPTIONS).losses) == 2
