"""RE-TRAIN on the Sweep page, with retrainings made by hand; none is carried out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.compare.evaluate import Accuracy
from core.jobs import start
from core.jobs.records import Job
from core.jobs.store import shared_jobs
from core.models.regimes import UNCONTROLLED
from core.models.weights import availability
from core.quantization.options import budget
from core.quantization.score import Scores
from core.retraining import launch
from core.retraining.found import found
from core.retraining.plan import KIND, RetrainPlan
from core.retraining.store import Result, RetrainStore
from pages.parts import job_standing
from tests.pages.jobs import OWNER, opened, own_store, tables, words

PLAN = RetrainPlan(
    "squeezenet", "signs", "fixed4", "signs", budget("signs"), "/made/signs-squeezenet-fixed4.safetensors"
)
LOSSES = [(step, 2.0 - step / 100) for step in range(1, 101)]


@pytest.fixture(autouse=True)
def started(tmp_path: Path) -> Iterator[list[Job]]:
    with own_store(tmp_path) as found:
        yield found


def accuracy(regime: str, format: str, top1: float) -> Accuracy:
    how = ("reference", "emulated", "by hand")
    return Accuracy("squeezenet", "signs", format, regime, *how, images=200, top1=top1, top5=99.0, iou=None)


def running(plan: RetrainPlan = PLAN) -> Job:
    """Half way through."""
    job = shared_jobs().add(KIND, plan.to_json())
    assert shared_jobs().claim(job.id, OWNER)
    store = RetrainStore(shared_jobs(), job.id, OWNER)
    store.begin()
    scores = [(0, Scores(48.85, 84.7, 1.9)), (1, Scores(71.55, 96.25, float("nan")))]
    store.write("training: step 100 of 200", 0.4, 200, LOSSES, scores)
    return job


def done(plan: RetrainPlan = PLAN, before: float = 50.0, after: float = 73.5) -> Job:
    job = running(plan)
    both = (accuracy("raw", plan.format, before), accuracy("retrain", plan.format, after))
    result = Result(plan.target, *both, "test crops", {"best_epoch": 1}, 107.0, ("Two were left out.",), 50, 3)
    RetrainStore(shared_jobs(), job.id, OWNER).finish(result)
    shared_jobs().finish(job.id, OWNER, "done")
    return job


def test_a_running_one_shows_its_loss_curve_and_epochs() -> None:
    job = running()
    app = opened(part="RE-TRAIN", job=job.id)
    assert "40%, training: step 100 of 200." in words(app)
    assert len(app.get("plotly_chart")) == 1
    assert "The loss fell from 1.970 to 1.020" in words(app)
    (epochs,) = tables(app)
    assert epochs.rows[1:] == [["0", "48.85", "84.70", "1.900", ""], ["1", "71.55", "96.25", "", ""]]


def test_how_long_it_has_to_go_is_told_once_it_has_come_on(monkeypatch: pytest.MonkeyPatch) -> None:
    job = running()
    opened(part="RE-TRAIN", job=job.id)
    now = time.time()
    monkeypatch.setattr(job_standing, "time", SimpleNamespace(time=lambda: now + 120))
    for progress, said in ((0.44, "44%, training: step 100 of 200."), (0.6, ", about 4 min to go.")):
        RetrainStore(shared_jobs(), job.id, OWNER).write("training: step 100 of 200", progress, 200, [], [])
        assert said in words(opened(part="RE-TRAIN", job=job.id))


def test_what_it_came_to_stands_beside_the_control() -> None:
    job = done()
    alone = opened(part="RE-TRAIN", job=job.id)
    assert "FP32" not in " ".join(cell for row in tables(alone)[0].rows for cell in row)
    assert UNCONTROLLED in words(alone)
    done(replace(PLAN, format="fp32", target="/made/other"), 89.0, 89.5)
    done(replace(PLAN, format="fp32", options=replace(PLAN.options, seed=9)), 1.0, 2.0)
    app = opened(part="RE-TRAIN", job=job.id)
    scored, epochs = tables(app)
    assert UNCONTROLLED not in words(app)
    assert scored.caption == "On 200 test crops"
    assert [[cell.strip() for cell in row[:4]] for row in scored.rows[2:4]] == [
        ["⬟ FIXED-4", "200", "50.00", "43.14 to 56.86"],
        ["⬟ FIXED-4 RE-TRAIN", "200", "73.50", "66.98 to 79.13"],
    ]
    assert [row[2] for row in scored.rows[5:]] == ["89.00", "89.50"]
    assert epochs.rows[2][-1] == "kept"
    assert "Two were left out." in words(app)
    assert "SqueezeNet FIXED-4: +23.50 points: 50 pictures gained, 3 lost. Real: p < 0.0001." in words(app)
    assert "FP32 with the same training: +0.50 points: 50 pictures gained" in words(app)
    (download,) = app.get("download_button")
    assert download.proto.label == "JSON"


def test_one_that_was_stopped_begins_again_and_says_so(started: list[Job]) -> None:
    job = running()
    shared_jobs().finish(job.id, OWNER, "paused")
    app = opened(part="RE-TRAIN", job=job.id)
    assert "A training does not go on from the middle" in words(app)
    app.button(key=f"resume_{job.id}").click().run()
    assert [one.id for one in started] == [job.id]


@pytest.mark.skipif(not availability("squeezenet", "signs").present, reason="the signs weights are not here")
def test_start_makes_the_retraining_and_its_control(started: list[Job]) -> None:
    app = opened(part="RE-TRAIN")
    app.selectbox(key="retrain_format").set_value("fixed5").run()
    app.button(key="start_retrain").click().run()
    assert not app.exception
    plans = [RetrainPlan.from_json(job.plan) for job in started]
    assert [(one.network, one.weights, one.format, one.data) for one in plans] == [
        ("squeezenet", "signs", "fixed5", "signs"),
        ("squeezenet", "signs", "fp32", "signs"),
    ]
    assert plans[0].options == plans[1].options == budget("signs")
    assert app.query_params["job"] == started[0].id


@pytest.mark.skipif(not availability("squeezenet", "signs").present, reason="the signs weights are not here")
def test_more_than_a_page_may_ask_for_is_refused(started: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    usual, app = budget("signs"), opened(part="RE-TRAIN")
    monkeypatch.setattr(start, "MOST_UNFINISHED", 1)  # one would fit, with its control there are two
    app.button(key="start_retrain").click().run()
    assert "0 jobs are not finished yet, and this server keeps at most 1." in words(app)
    app.number_input(key=f"steps_{usual.steps}").set_value(launch.MOST_TRAINED).run()
    app.button(key="start_retrain").click().run()
    assert "That trains on 128,000,000 pictures" in words(app)
    assert not started and not shared_jobs().jobs()


@pytest.mark.skipif(not availability("squeezenet", "signs").present, reason="the signs weights are not here")
def test_lengths_are_searched_again_for_fixed_n_alone_and_the_control_is_found(started: list[Job]) -> None:
    app = opened(part="RE-TRAIN")
    app.toggle(key="search_again").set_value(True).run()
    app.button(key="start_retrain").click().run()
    assert not app.exception and not app.error
    first, control = (RetrainPlan.from_json(job.plan) for job in started)
    assert (first.format, first.options.lengths) == ("fixed4", "search")
    assert (control.format, control.options) == ("fp32", replace(first.options, lengths="frozen"))
    for job in started:
        shared_jobs().cancel(job.id)
    made = done(first)
    assert found(shared_jobs(), made).control is None
    done(replace(control, options=replace(control.options, seed=9)))
    assert found(shared_jobs(), made).control is None
    done(control, after=89.5)
    its = found(shared_jobs(), made).control
    assert its is not None and its.after.top1 == 89.5


@pytest.mark.skipif(not availability("squeezenet", "signs").present, reason="the signs weights are not here")
def test_a_format_without_fractional_lengths_starts_whatever_the_toggle_says(started: list[Job]) -> None:
    app = opened(part="RE-TRAIN")
    app.toggle(key="search_again").set_value(True).run()
    app.selectbox(key="retrain_format").set_value("int8").run()
    assert app.toggle(key="search_again").disabled
    app.button(key="start_retrain").click().run()
    assert not app.error and [RetrainPlan.from_json(job.plan).options.lengths for job in started] == ["frozen"] * 2


def test_a_part_is_left_with_its_job() -> None:
    app = opened(part="RE-TRAIN", job=running().id)
    app.segmented_control(key="part").set_value("Accuracy").run()
    assert not app.exception
    assert "job" not in app.query_params
    assert "No sweep has been started" in words(app)
