from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.compare import service
from core.compare.records import Answer
from core.compare.service import BEHIND, Comparison
from core.compare.view import View
from core.images.crop import Crop
from core.images.decode import Picture
from core.models.files import sha256
from core.serving.worker import Worker
from core.variant import Calibration, Variant
from tests.compare.examples import FP32
from tests.retrained import retrained_weights
from tests.weights import lively_weights

FIXED8 = Variant("squeezenet", "photos", "fixed8")
INT8 = Variant("squeezenet", "photos", "int8")
REPOSITORY = Path(__file__).resolve().parents[2]
CENTRE = Crop()


def _view(content: bytes, crop: Crop = CENTRE) -> View:
    """A new picture object each time, as every run of a page decodes its own."""
    return View(Picture(Image.new("RGB", (8, 8)), hashlib.sha256(content).hexdigest(), "cat.png"), crop)


@pytest.fixture(scope="module")
def worker() -> Worker:
    return Worker(threads=1)


@pytest.fixture
def comparison(worker: Worker) -> Comparison:
    return Comparison(worker)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The formats in the order in which they are computed; charts are marked."""
    done: list[str] = []

    def compute(view: View, variant: Variant) -> Answer:
        done.append(variant.format)
        return replace(FP32, variant=variant)

    monkeypatch.setattr(service, "_compute", compute)
    monkeypatch.setattr(service, "_measure", lambda view, variant: done.append(f"chart of {variant.format}") or ())
    monkeypatch.setattr(service, "_forget", lambda network, weights: done.append(f"forget {network}"))
    return done


@pytest.fixture
def gate(worker: Worker) -> Iterator[Callable[[], None]]:
    """The worker is busy until the test opens the gate."""
    opened = threading.Event()
    worker.submit(lambda: opened.wait(30), -100)
    yield opened.set
    opened.set()
    worker.submit(lambda: None, 100).result(30)  # what a test has not waited for must not run in the next


def test_the_same_content_is_computed_once(comparison: Comparison, computed: list[str]) -> None:
    first = comparison.answers(_view(b"a"), [FIXED8, INT8])
    answers = [future.result(30) for future in first]
    assert [answer.variant for answer in answers] == [FIXED8, INT8]
    again = comparison.answers(_view(b"a"), [INT8, FIXED8])
    assert [future.result(0) for future in again] == answers[::-1]
    assert computed == ["fixed8", "int8"]
    assert comparison.noise(_view(b"a"), INT8).result(30) is comparison.noise(_view(b"a"), INT8).result(30)
    assert computed == ["fixed8", "int8", "chart of int8"]


@pytest.mark.parametrize(
    ("view", "variant"),
    [
        (_view(b"b"), FIXED8),
        (_view(b"a", Crop(x=0.4)), FIXED8),
        (_view(b"a"), INT8),
        (_view(b"a"), replace(FIXED8, weights="imagenet")),
        (_view(b"a"), replace(FIXED8, calibration=Calibration("kl"))),
        (_view(b"a"), replace(FIXED8, calibration=Calibration(search=False))),
    ],
)
def test_whatever_changes_the_answer_is_computed_anew(
    comparison: Comparison, computed: list[str], view: View, variant: Variant
) -> None:
    comparison.answers(_view(b"a"), [FIXED8])[0].result(30)
    comparison.answers(view, [variant])[0].result(30)
    assert len(computed) == 2


def test_weights_that_were_retrained_once_more_answer_anew(
    comparison: Comparison, computed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process, which tells nobody: the file has the same name, and other tensors."""
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    weights = str(lively_weights(tmp_path))
    retrained, record = Variant("squeezenet", weights, "fp32", "retrain"), None
    for seed in (1, 2):
        target = retrained_weights("squeezenet", weights, "fp32", seed=seed)
        assert sha256(target) != record
        record = sha256(target)
        for _ in range(2):
            comparison.answers(_view(b"a"), [retrained])[0].result(30)
            comparison.noise(_view(b"a"), retrained).result(30)
    assert computed == ["fp32", "chart of fp32"] * 2


def test_two_sessions_that_ask_at_once_share_one_future(
    comparison: Comparison, computed: list[str], gate: Callable[[], None]
) -> None:
    ready, found = threading.Barrier(8), []

    def ask() -> None:
        ready.wait(30)
        found.extend(comparison.answers(_view(b"a"), [FIXED8]))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    gate()
    assert len(found) == 8
    assert len(set(found)) == 1
    found[0].result(30)
    assert computed == ["fixed8"]


def test_one_session_between_anothers_look_and_its_put(
    comparison: Comparison, computed: list[str], gate: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second asks while the first, having found nothing, is about to submit."""
    worker, submit, found = comparison._worker, comparison._worker.submit, []
    second = threading.Thread(target=lambda: found.extend(comparison.answers(_view(b"a"), [FIXED8])))

    def slow(*arguments: object) -> object:
        monkeypatch.setattr(worker, "submit", submit)
        second.start()
        second.join(0.2)
        return submit(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(worker, "submit", slow)
    first = comparison.answers(_view(b"a"), [FIXED8])
    second.join(30)
    gate()
    assert found == first


def test_a_superseded_request_is_not_computed(
    comparison: Comparison, computed: list[str], gate: Callable[[], None]
) -> None:
    left = comparison.answers(_view(b"a"), [FIXED8, INT8], "one")
    shared = comparison.answers(_view(b"a"), [INT8], "two")
    comparison.supersede("one")
    comparison.supersede("one")
    anew = comparison.answers(_view(b"b"), [FIXED8], "one")
    gate()
    assert [answer.result(30).variant for answer in (*shared, *anew)] == [INT8, FIXED8]
    assert left[0].cancelled()
    assert computed == ["int8", "fixed8"]


def test_what_is_superseded_may_be_asked_for_again(
    comparison: Comparison, computed: list[str], gate: Callable[[], None]
) -> None:
    comparison.answers(_view(b"a"), [FIXED8], "one", BEHIND)
    comparison.supersede("one")
    again = comparison.answers(_view(b"a"), [FIXED8], "one")
    gate()
    assert again[0].result(30).variant == FIXED8
    assert computed == ["fixed8"]


def test_other_pictures_wait_behind_everybodys_open_view(
    comparison: Comparison, computed: list[str], gate: Callable[[], None]
) -> None:
    behind = comparison.answers(_view(b"b"), [FIXED8], "one", BEHIND)
    comparison.noise(_view(b"a"), INT8, "one")
    comparison.answers(_view(b"a"), [INT8], "two")
    gate()
    behind[0].result(30)
    assert computed == ["int8", "chart of int8", "fixed8"]


def test_waiting_in_the_queue_counts(comparison: Comparison, computed: list[str], gate: Callable[[], None]) -> None:
    waiting = comparison.answers(_view(b"a"), [FIXED8])[0]
    time.sleep(0.2)
    gate()
    assert waiting.result(30).elapsed_ms >= FP32.elapsed_ms + 200


def test_charts_wait_for_answers(comparison: Comparison, computed: list[str], gate: Callable[[], None]) -> None:
    chart = comparison.noise(_view(b"a"), FIXED8)
    answers = comparison.answers(_view(b"a"), [FIXED8, INT8])
    gate()
    chart.result(30)
    assert all(answer.done() for answer in answers)
    assert computed == ["fixed8", "int8", "chart of fixed8"]


def test_a_failure_is_not_kept(comparison: Comparison, computed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    compute = service._compute

    def fail(view: View, variant: Variant) -> Answer:
        computed.append("failed")
        raise MemoryError

    monkeypatch.setattr(service, "_compute", fail)
    with pytest.raises(MemoryError):
        comparison.answers(_view(b"a"), [FIXED8])[0].result(30)
    monkeypatch.setattr(service, "_compute", compute)
    assert comparison.answers(_view(b"a"), [FIXED8])[0].result(30).variant == FIXED8
    assert computed == ["failed", "fixed8"]


def test_what_was_cancelled_is_computed_when_asked_for_again(
    comparison: Comparison, computed: list[str], gate: Callable[[], None]
) -> None:
    first = comparison.answers(_view(b"a"), [FIXED8])[0]
    assert first.cancel()
    second = comparison.answers(_view(b"a"), [FIXED8])[0]
    gate()
    assert second.result(30).variant == FIXED8
    assert computed == ["fixed8"]


def test_forgetting_computes_anew_behind_it(
    comparison: Comparison, computed: list[str], gate: Callable[[], None]
) -> None:
    waiting = comparison.answers(_view(b"a"), [FIXED8])[0]
    other = comparison.answers(_view(b"a"), [replace(INT8, network="vgg16")])[0]
    comparison.forget(FIXED8.network, FIXED8.weights)
    anew = comparison.answers(_view(b"a"), [FIXED8])[0]
    assert anew is not waiting
    assert comparison.answers(_view(b"a"), [replace(INT8, network="vgg16")])[0] is other
    gate()
    anew.result(30)
    assert computed == ["forget squeezenet", "fixed8", "int8", "fixed8"]


def test_the_number_kept_is_bounded(worker: Worker, computed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "KEPT", 3)
    comparison = Comparison(worker)
    for content in (b"a", b"b", b"c", b"d", b"a"):
        comparison.answers(_view(content), [FIXED8])[0].result(30)
    assert len(computed) == 5
    comparison.answers(_view(b"d"), [FIXED8])[0].result(30)
    assert len(computed) == 5


def test_the_real_thing(worker: Worker, weights: str, view: View) -> None:
    variants = [Variant("squeezenet", weights, name) for name in ("fp32", "fixed16")]
    comparison = Comparison(worker)
    answers = [future.result(60) for future in comparison.answers(view, variants)]
    assert [answer.variant for answer in answers] == variants
    assert answers[0].top[0].class_index == answers[1].top[0].class_index
    assert comparison.noise(view, variants[1]).result(60)[0].name == "features.0"
    comparison.forget("squeezenet", weights)
    again = comparison.answers(view, variants)[1].result(60)
    assert again is not answers[1]
    assert again.probabilities == answers[1].probabilities
