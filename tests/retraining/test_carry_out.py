"""A retraining as a job, with the real SqueezeNet on a few signs: what can be read of it, and where it can be stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from core.engines import reference
from core.errors import Cancelled, StoreError
from core.jobs.database import Database
from core.jobs.records import new_owner
from core.jobs.store import JobStore
from core.models import retrained
from core.models.files import sha256
from core.quantization.options import Options
from core.quantization.score import score
from core.retraining import carry_out as module
from core.retraining.carry_out import carry_out
from core.retraining.plan import KIND, RetrainPlan
from core.retraining.store import RetrainStore
from core.serving.networks import Networks
from core.training import material

OPTIONS = Options(rate=1e-3, epochs=2, steps=2, batch=4)


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(material, "DRAWN", 8)
    monkeypatch.setattr(module, "BETWEEN_S", 0.0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def plan(tmp_path: Path) -> RetrainPlan:
    return RetrainPlan("squeezenet", "signs", "fixed4", "signs", OPTIONS, str(tmp_path / "out.safetensors"), 10)


@pytest.fixture
def store(tmp_path: Path, plan: RetrainPlan) -> RetrainStore:
    jobs, owner = JobStore(Database(tmp_path / "jobs.sqlite")), new_owner()
    job = jobs.add(KIND, plan.to_json())
    assert jobs.claim(job.id, owner)
    return RetrainStore(jobs, job.id, owner)


def test_before_it_begins_there_is_nothing(store: RetrainStore) -> None:
    assert (store.losses(), store.scores(), store.result(), store.stage(), store.steps()) == ([], [], None, "", 0)


def test_all_of_it_can_be_read_while_it_runs_and_after(plan: RetrainPlan, store: RetrainStore) -> None:
    stages, steps, progress = set[str](), [], []

    def look() -> None:
        stages.add(store.stage())
        steps.append(len(store.losses()))
        progress.append(store.jobs.get(store.job).progress)

    result = carry_out(plan, store, Networks(), look)
    record = retrained.read(Path(plan.target))
    assert record is not None and result == store.result()
    assert {"training: step 1 of 4", "trained 4 steps"} <= stages
    assert any(stage.startswith("drawing Signs (8 of split train") for stage in stages)
    assert "scoring FIXED-4: 10 of 10 test crops of Signs, seed 0" in stages
    assert set(steps) >= {0, 1, 2, 3} and steps == sorted(steps) and progress == sorted(progress)
    assert [step for step, _ in store.losses()] == [1, 2, 3, 4] and store.steps() == 4
    assert [vars(one) for one in store.scores()] == list(record.history)
    assert (result.file, result.record) == (plan.target, record.as_dict())


def test_the_result_is_the_programs_on_pictures_that_chose_nothing(plan: RetrainPlan, store: RetrainStore) -> None:
    networks = Networks()
    result = carry_out(plan, store, networks)
    test = material.scored("signs", material.Wanted("signs", networks.of(plan.before).loaded.preprocessing), 10, print)
    assert result.gained is not None and result.lost is not None
    assert 10 * (result.gained - result.lost) == round(result.after.top1 - result.before.top1)
    for found, variant in ((result.before, plan.before), (result.after, plan.after)):
        program = networks.executable(variant).program
        assert program is not None
        own = score(
            lambda x, program=program: reference.outputs(program, reference.run(program, x)),
            test.pictures,
            networks.of(variant).loaded.preprocessing,
        )
        assert (found.top1, found.top5, found.images) == (own.top1, own.top5, 10)
    assert (result.before.regime, result.after.regime) == ("raw", "retrain")
    assert result.scored_on == "test crops of Signs, seed 0"


def test_cut_off_it_begins_again_and_comes_out_the_same(plan: RetrainPlan, store: RetrainStore) -> None:
    whole = carry_out(plan, store, Networks())
    losses, scores, made = store.losses(), store.scores(), sha256(Path(plan.target))
    Path(plan.target).unlink()

    def stop() -> None:
        if len(store.losses()) == 3:
            raise Cancelled("The job was cancelled.", "Begin it again.")

    with pytest.raises(Cancelled, match="The job was cancelled."):
        carry_out(plan, store, Networks(), stop)
    assert len(store.losses()) == 3 and store.result() is None and not Path(plan.target).exists()
    again = carry_out(plan, store, Networks())
    assert (store.losses(), store.scores(), sha256(Path(plan.target))) == (losses, scores, made)
    assert (again.before, again.record) == (whole.before, whole.record)


def test_a_job_that_another_process_took_over_writes_nothing(plan: RetrainPlan, store: RetrainStore) -> None:
    stranger = RetrainStore(store.jobs, store.job, "other:1:2")
    with pytest.raises(StoreError, match="no longer this process's"):
        carry_out(plan, stranger, Networks())
    assert store.losses() == []
