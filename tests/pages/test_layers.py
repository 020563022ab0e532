"""Layer by layer on the Sweep page, with a job that a network made by hand has carried out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.jobs.records import Job
from core.jobs.store import shared_jobs
from core.models.weights import availability
from core.sweeps.launch import MOST_SEARCHED
from core.sweeps.layers import begin
from core.sweeps.layers.carry_out import carry_out
from core.sweeps.layers.plan import LayersPlan
from core.sweeps.layers.store import LayersStore
from tests.pages.jobs import OWNER, opened, own_store, tables, words
from tests.sweeps.layers.by_hand import PLAN, OneNetwork, sets


@pytest.fixture(autouse=True)
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Job]]:
    monkeypatch.setattr(begin, "batch_size", lambda graphs: 5)
    with own_store(tmp_path) as found:
        yield found


class EnoughError(Exception):
    """In place of whatever ends a process."""


def carried(calls: int | None = None) -> Job:
    """All of it, or what is there after so many measurements."""
    job = shared_jobs().add("layers", PLAN.to_json())
    assert shared_jobs().claim(job.id, OWNER)
    left = iter(range(calls or 0))

    def check() -> None:
        if calls is not None and next(left, None) is None:
            raise EnoughError

    try:
        carry_out(PLAN, LayersStore(shared_jobs(), job.id, OWNER), sets(), OneNetwork(), check)  # type: ignore[arg-type]
        shared_jobs().finish(job.id, OWNER, "done")
    except EnoughError:
        pass
    return shared_jobs().get(job.id)


def test_what_was_found_is_drawn_and_can_be_taken_away() -> None:
    job = carried()
    app = opened(part="Layer by layer", job=job.id)
    assert len(app.get("plotly_chart")) == 2
    alone, front = tables(app)
    store = LayersStore(shared_jobs(), job.id)
    found = store.sensitivity()
    widths = sorted({one.bits for one in found if one.layer})
    assert alone.rows[0] == ["Layer", *(f"{bits} bits" for bits in widths)]
    first = [f"{one.found.divergence:.4f}" for one in found if one.title == found[1].title and one.layer]
    assert alone.rows[1] == [found[1].title, *first]
    mixed = [point for point in store.front() if point.kind == "mixed"]
    assert len(front.rows) == 1 + len(store.front()) + 2  # two groups have a title
    assert front.rows[-1][7] == " ".join(map(str, mixed[-1].bits.values()))
    assert [one.label for one in app.get("download_button")] == ["JSON"]


def test_while_it_runs_it_says_what_it_is_at() -> None:
    job = carried(calls=6)
    app = opened(part="Layer by layer", job=job.id)
    assert "each layer alone." in words(app)
    assert len(app.get("plotly_chart")) == 1 and len(tables(app)) == 1


@pytest.mark.skipif(not availability("squeezenet", "signs").present, reason="the signs weights are not here")
def test_a_search_on_more_than_a_page_may_ask_for_is_refused(started: list[Job]) -> None:
    app = opened(part="Layer by layer", search_pictures=str(MOST_SEARCHED + 1))
    app.button(key="start_layers").click().run()
    assert "That makes 2,001 pictures to search on, and a job from this page has at most 2,000." in words(app)
    assert not started and not shared_jobs().jobs()


@pytest.mark.skipif(not availability("squeezenet", "signs").present, reason="the signs weights are not here")
def test_start_makes_the_job(started: list[Job]) -> None:
    app = opened(part="Layer by layer")
    app.multiselect(key="widths").set_value([2, 5]).run()
    app.button(key="start_layers").click().run()
    assert not app.exception
    wanted = replace(LayersPlan("squeezenet", "signs", "signs:1000:0"), bits=(2, 5))
    assert LayersPlan.from_json(started[0].plan) == wanted
    assert app.query_params["job"] == started[0].id
