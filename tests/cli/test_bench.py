"""The benchmarks run and say what was measured on what; how fast anything is, no test asserts."""

from __future__ import annotations

import json
from statistics import median

import pytest

from core.cli import bench
from core.cli.main import main
from core.sweeps import begin as beginning
from tests.sweeps.fakes import FakeNetworks, FakeSet

OPTIONS = ("bench", "sweep", "--data", "fake", "--formats", "fp32,bf16,fixed8", "--rounds", "3")


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> FakeNetworks:
    found = FakeNetworks()
    monkeypatch.setattr(bench, "shared_networks", lambda: found)
    monkeypatch.setattr(beginning, "batch_size", lambda graphs: 6)
    return found


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> FakeSet:
    found = FakeSet(20)
    monkeypatch.setattr(bench, "open_set", lambda text: found)
    return found


def test_the_document(networks: FakeNetworks, data: FakeSet, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OPTIONS, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["command"], found["benchmark"], found["pictures"]) == (1, "bench", "sweep", 20)
    assert found["conditions"]["batch"] == 6 and found["environment"]["device"] == "cpu"
    assert [(one["format"], one["engine"], one["arithmetic"]) for one in found["variants"]] == [
        ("fp32", "torch", "native"),
        ("bf16", "torch", "native"),
        ("fixed8", "reference", "emulated"),
    ]
    assert [set(one) for one in found["rounds"]] == [{"sweep", "engines", "ratio", "processor_ratio"}] * 3
    for ratio, kind in (("ratio", "clock"), ("processor_ratio", "processor")):
        for one in found["rounds"]:
            assert one[ratio] == one["engines"][kind] / one["sweep"][kind] > 0
        assert found[ratio] == median(one[ratio] for one in found["rounds"])


def test_each_sweep_reads_a_picture_once_for_all_variants(networks: FakeNetworks, data: FakeSet) -> None:
    """Warming up, three rounds, and the engines' batches, which are prepared once."""
    assert main([*OPTIONS]) == 0
    assert dict(data.read) == dict.fromkeys(range(20), 1 + 3 + 1)
    answered = {name: sum(size for _, format, size in networks.runs if format == name) for name in ("fp32", "fixed8")}
    assert answered == {"fp32": 7 * 20, "fixed8": 7 * 20}


def test_people_are_told_what_ran(networks: FakeNetworks, data: FakeSet, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*OPTIONS]) == 0
    said, told = capsys.readouterr()
    assert "3/3" in told and "round" in told
    assert said.startswith("A sweep of 3 variants keeps ") and "20 pictures in batches of 6" in said
    assert "FP32 torch, native; BF16 torch, native; FIXED-8 reference, emulated." in said


def test_an_unknown_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "lunch"]) == 2
    assert "invalid choice: 'lunch'" in capsys.readouterr().err.lower()
