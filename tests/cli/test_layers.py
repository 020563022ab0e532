"""The command, with a small network and pictures of noise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.cli import layers as module
from core.cli.main import main
from core.errors import DataError
from core.jobs.store import JobStore, shared_jobs
from core.sweeps.layers.begin import Sets
from core.sweeps.layers.plan import LayersPlan
from tests.sweeps.layers.by_hand import OneNetwork, sets

OPTIONS = ("--network", "squeezenet", "--data", "noise", "--bits", "3", "--limit", "9", "--search", "6")


@pytest.fixture(autouse=True)
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store of the test's own."""
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    shared_jobs.cache_clear()
    yield
    shared_jobs.cache_clear()


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_sets(plan: LayersPlan) -> Sets:
        if plan.data != "noise":
            raise DataError(f"There is no data set at {plan.data!r}.", "Give another.")
        return sets(broken=(3,))

    monkeypatch.setattr(module, "open_sets", open_sets)
    monkeypatch.setattr(module, "shared_networks", OneNetwork)


def _document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["layers", *arguments, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_the_document_and_the_same_again(capsys: pytest.CaptureFixture[str]) -> None:
    found = _document(capsys, *OPTIONS)
    assert (found["schema"], found["command"]) == (1, "layers")
    assert found["plan"]["bits"] == [3] and found["conditions"]["left_out"] == ["box"]
    assert [(row["title"], row["bits"]) for row in found["sensitivity"]] == [
        *(("", 16), ("stem.0", 3), ("left", 3), ("right.0", 3), ("skip", 3), ("head.1", 3)),
    ]
    assert [one["format"] for one in found["front"]][:8] == ["fp32", *(f"w{n}a8" for n in range(2, 8)), "fixed8"]
    assert {one["arithmetic"] for one in found["front"][1:]} == {"emulated"}
    assert "second" not in json.dumps(found)  # emulated arithmetic has no speed
    assert shared_jobs().get(found["job"]).state == "done"
    assert _document(capsys, "--resume", found["job"]) == found


def test_tables_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", *OPTIONS]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    (stem,) = [line for line in lines if line.startswith("stem.0")]
    title, middle, low, _, high = stem.split()
    assert title == "stem.0" and float(low.strip("(")) <= float(middle) <= float(high.strip(")"))
    (fixed8,) = [line for line in lines if line.startswith("FIXED-8")]
    assert fixed8.endswith("8; reference, emulated")
    assert "Left out, since the classes do not depend on it: box." in said.out
    (job,) = shared_jobs().jobs()
    assert f"go on with: python -m core layers --resume {job.id}" in said.err


@pytest.mark.parametrize("stop", [JobStore.cancel, JobStore.pause])
def test_a_stopped_job_goes_on(stop: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    whole = _document(capsys, *OPTIONS)
    real, told = module.carry_out, list[float]()

    def stop_soon(*arguments: Any) -> None:
        (job, *_) = shared_jobs().jobs()
        *rest, check, report = arguments

        def stopping() -> None:
            told.append(1.0)
            if len(told) == 9:
                stop(shared_jobs(), job.id)
                while True:
                    check()

        real(*rest, stopping, report)

    monkeypatch.setattr(module, "carry_out", stop_soon)
    assert main(["layers", *OPTIONS]) == 2
    (job, *_) = shared_jobs().jobs()
    assert job.state == ("cancelled" if stop is JobStore.cancel else "paused") and 0 < job.progress < 1
    assert f"python -m core layers --resume {job.id}." in capsys.readouterr().err.splitlines()[-1]
    monkeypatch.setattr(module, "carry_out", real)
    again = _document(capsys, "--resume", job.id)
    assert {key: again[key] for key in ("sensitivity", "path", "front")} == {
        key: whole[key] for key in ("sensitivity", "path", "front")
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--data", "noise"), "Nothing says which network to take apart."),
        (("--network", "vgg16"), "Nothing says which pictures to run."),
        (("--network", "resnet", "--data", "noise"), "There is no network named 'resnet'."),
        (("--network", "vgg16", "--data", "elsewhere"), "There is no data set at 'elsewhere'."),
        (("--network", "vgg16", "--data", "noise", "--weights", "none"), "There are no weights named 'none'."),
        (("--network", "vgg16", "--data", "noise", "--bits", "1,4"), "A layer cannot have 1 bits."),
        (("--network", "vgg16", "--data", "noise", "--bits", "four"), "four is not a whole number above 0."),
        (("--network", "vgg16", "--data", "noise", "--search", "0"), "0 is not a whole number above 0."),
        (("--resume", "none"), "There is no job named 'none'."),
    ],
)
def test_mistakes_begin_no_job(arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"bitlens: {sentence}")
    assert shared_jobs().jobs() == []


def test_another_kind_of_job_is_not_one_of_layers(capsys: pytest.CaptureFixture[str]) -> None:
    job = shared_jobs().add("sweep", "{}")
    assert main(["layers", "--resume", job.id]) == 2
    assert f"The job {job.id} is not one of layers but a sweep." in capsys.readouterr().err
    assert shared_jobs().get(job.id).state == "queued"
