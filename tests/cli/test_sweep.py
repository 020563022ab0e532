"""The command, with networks and pictures made by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.cli import sweep as module
from core.cli.choices import settled_weights
from core.cli.main import main
from core.errors import DataError
from core.jobs.store import JobStore, shared_jobs, store_file
from core.serving.networks import shared_networks
from core.sweeps import begin as beginning
from core.sweeps import parquet
from core.sweeps.export import _rounded
from core.sweeps.opening import opened
from core.sweeps.plan import Plan
from core.sweeps.rows import table
from tests.datasets.files import picture, write_files, write_zip
from tests.sweeps.fakes import FakeNetworks, FakeSet
from tests.sweeps.test_rows import KEYS

OPTIONS = ("--data", "fake", "--networks", "squeezenet", "--formats", "fp32,fixed8")


@pytest.fixture(autouse=True)
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store of the test's own, and batches of six."""
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(beginning, "batch_size", lambda graphs: 6)
    shared_jobs.cache_clear()
    yield
    shared_jobs.cache_clear()


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> FakeNetworks:
    found = FakeNetworks()
    monkeypatch.setattr(module, "shared_networks", lambda: found)
    return found


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, networks: FakeNetworks) -> FakeSet:
    found = FakeSet(20)

    def by_name(plan: Plan) -> FakeSet:
        if plan.data != "fake":
            raise DataError(f"There is no data set named {plan.data!r}.", "Give another.")
        return found

    monkeypatch.setattr(module, "opened", by_name)
    return found


def _document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["sweep", *arguments, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    found = _document(capsys, *OPTIONS)
    assert (found["schema"], found["command"]) == (1, "sweep")
    fp32, fixed8 = found["results"]
    assert tuple(fp32) == tuple(fixed8) == KEYS
    assert (fp32["format"], fp32["engine"], fp32["arithmetic"]) == ("fp32", "torch", "native")
    assert (fp32["images"], fp32["top1"], fp32["top5"], fp32["agreement"]) == (20, 100.0, 100.0, 100.0)
    assert fp32["images_per_second"] > 0
    assert (fixed8["arithmetic"], fixed8["images_per_second"], fixed8["top1"]) == ("emulated", None, 75.0)
    assert fixed8["p_value"] == pytest.approx(2 / 2**5)
    assert found["plan"]["formats"] == ["fp32", "fixed8"] and found["environment"]["device"] == "cpu"
    assert found["data"] == {
        **{"name": "by hand", "sha256": "of the set", "pictures": 20},
        **{"skipped": [], "unmatched": {}, "notes": []},
    }
    assert found["conditions"]["batch"] == 6
    detail = found["details"][1]
    assert (detail["calibrated"], detail["weights_sha256"], detail["ratio"]) == ("by hand", "of the weights", 0.75)
    assert detail["losing"][0]["class"] == "goldfish" and detail["losing"][0]["taken_for"] == "fire salamander"
    assert shared_jobs().get(found["job"]).state == "done"


def test_the_table_the_bar_and_the_job_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", *OPTIONS]) == 0
    said = capsys.readouterr()
    heading, fp32, fixed8, *notes = said.out.splitlines()
    assert heading.split()[:8] == ["network", "weights", "format", "images", "Top-1", "%", "95", "%"]
    assert fp32.split()[:8] == ["squeezenet", "photos", "FP32", "20", "100.00", "83.89", "-", "100.00"]
    assert fp32.endswith("torch, native")
    assert fixed8.split()[2:] == [
        *("FIXED-8", "20", "75.00", "53.13", "-", "88.81", "95.00", "75.00", "0.0625"),
        *("undecided", "undecided", "reference,", "emulated"),
    ]
    assert "McNemar" in notes[1]
    (job,) = shared_jobs().jobs()
    assert f"bitlens: Job {job.id}. If it stops, go on with: python -m core sweep --resume {job.id}" in said.err
    assert "40/40" in said.err


def test_the_file_for_spreadsheets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out" / "table.csv"
    found = _document(capsys, *OPTIONS, "--csv", str(file))
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0])[: len(KEYS)] == KEYS
    for row, result, detail in zip(rows, found["results"], found["details"], strict=True):
        for key in (*KEYS, "weight_bytes", "confidence", "calibration_error", "ratio", "ratio_low", "top5_high"):
            value = (detail | result)[key]
            if isinstance(value, float):
                assert float(row[key]) == pytest.approx(value, abs=0.00005) and len(row[key].partition(".")[2]) <= 4
            else:
                assert row[key] == ("" if value is None else str(value))
        assert (row["data"], row["seed"], row["job"]) == (found["plan"]["data"], "0", found["job"])


def test_a_small_p_value_keeps_its_digits() -> None:
    assert _rounded("p_value", 1.23456e-9) == 1.235e-9
    assert _rounded("top1", 12.345678) == 12.3457


def test_the_file_with_every_outcome(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out" / "sweep.parquet"
    found = _document(capsys, *OPTIONS, "--parquet", str(file))
    record = parquet.read(file)
    assert record.job == found["job"]
    assert [row.as_dict() for row in table(record, record.conditions()).rows] == found["results"]


def test_two_jobs_are_compared_and_nothing_runs(networks: FakeNetworks, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = _document(capsys, *OPTIONS), _document(capsys, *OPTIONS, "--limit", "8")
    runs = len(networks.runs)
    found = _document(capsys, "--compare", first["job"], second["job"])
    assert (found["schema"], found["command"], found["compared"]) == (1, "sweep", [first["job"], second["job"]])
    assert [(one["images"], one["points"], one["agreement"]) for one in found["results"]] == [([8, 8], 0.0, 100.0)] * 2
    assert main(["sweep", "--compare", first["job"], second["job"]]) == 0
    assert "On the pictures that both have answered." in capsys.readouterr().out
    assert len(networks.runs) == runs
    assert main(["sweep", "--compare", first["job"], "none"]) == 2


def test_a_finished_job_is_shown_again_without_running(
    networks: FakeNetworks, data: FakeSet, capsys: pytest.CaptureFixture[str]
) -> None:
    first = _document(capsys, *OPTIONS)
    runs, read = len(networks.runs), data.read.total()
    assert _document(capsys, "--resume", first["job"]) == first
    assert (len(networks.runs), data.read.total()) == (runs, read)


@pytest.mark.parametrize("stopped", [JobStore.cancel, JobStore.pause])
def test_a_stopped_job_says_how_to_go_on_and_does(
    stopped: Any, networks: FakeNetworks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = _document(capsys, *OPTIONS)
    networks.runs.clear()
    real = module.carry_out

    def stop_soon(*arguments: Any) -> None:
        (job, *_) = shared_jobs().jobs()
        *rest, check, report = arguments

        def stop() -> None:
            if len(networks.runs) == 3:
                stopped(shared_jobs(), job.id)
                while True:
                    check()

        real(*rest, stop, report)

    monkeypatch.setattr(module, "carry_out", stop_soon)
    assert main(["sweep", *OPTIONS]) == 2
    (job, *_) = shared_jobs().jobs()
    assert job.state == ("cancelled" if stopped is JobStore.cancel else "paused")
    assert f"python -m core sweep --resume {job.id}." in capsys.readouterr().err.splitlines()[-1]
    monkeypatch.setattr(module, "carry_out", real)
    again = _document(capsys, "--resume", job.id)
    assert len(networks.runs) == 8
    for found in (whole, again):
        for row in found["results"]:
            del row["images_per_second"]
    assert again["results"] == whole["results"]


def test_ctrl_c_leaves_a_paused_job(networks: FakeNetworks, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "carry_out", interrupted)
    assert main(["sweep", *OPTIONS]) == 130
    assert [job.state for job in shared_jobs().jobs()] == ["paused"]


def test_what_is_left_out_is_said(
    data: FakeSet, networks: FakeNetworks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found_set = FakeSet(20, (*data.classes[:4], "a lamp nobody knows"), broken=[3, 11])
    found_set.notes = ("Left out: empty, in which no pictures are.",)
    monkeypatch.setattr(module, "opened", lambda plan: found_set)
    assert main(["sweep", *OPTIONS[:-1], "fp32,fp16", "--json"]) == 0
    said = capsys.readouterr()
    assert "bitlens: Left out: empty, in which no pictures are.\n" in said.err
    assert (
        "2 of 20 pictures cannot be read and are left out: 3.png, 11.png. 3.png cannot be decoded. Save it again."
    ) in said.err
    assert "1 of 5 classes are none of the photos networks' and are left out: a lamp nobody knows." in said.err
    assert "SqueezeNet FP16 failed: Values inside this network are too large" in said.err
    found = json.loads(said.out)
    assert [(one["picture"], one["title"]) for one in found["data"]["skipped"]] == [(3, "3.png"), (11, "11.png")]
    assert found["data"]["notes"] == ["Left out: empty, in which no pictures are."]
    assert main(["sweep", "--resume", found["job"]]) == 0
    assert capsys.readouterr().err.count("bitlens: Left out: empty, in which no pictures are.\n") == 1
    assert found["data"]["unmatched"] == {"photos": ["a lamp nobody knows"]}
    assert [one["variant"] for one in found["failed"]] == ["SqueezeNet FP16"]
    assert [row["images"] for row in found["results"]] == [20 - 4 - 2]


def test_a_damaged_store_is_moved_aside_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    store_file().parent.mkdir(parents=True)
    store_file().write_bytes(b"these are words and no database" * 100)
    assert main(["sweep", *OPTIONS]) == 0
    assert "bitlens: The store of jobs was damaged. It was moved to " in capsys.readouterr().err
    assert len(list(store_file().parent.glob("jobs.damaged-*.sqlite"))) == 1


def test_a_failed_job_keeps_its_error_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = module.carry_out

    def fail(*arguments: Any) -> None:
        raise DataError("The folder is gone.", "Bring it back.")

    monkeypatch.setattr(module, "carry_out", fail)
    assert main(["sweep", *OPTIONS]) == 2
    (job,) = shared_jobs().jobs()
    assert (job.state, (job.error or {}).get("message")) == ("failed", "The folder is gone.")
    monkeypatch.setattr(module, "carry_out", good)
    capsys.readouterr()
    assert len(_document(capsys, "--resume", job.id)["results"]) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Nothing says which pictures to run."),
        (("--data", "elsewhere"), "There is no data set named 'elsewhere'."),
        (("--data", "fake", "--formats", "fixed1"), "There is no number format named 'fixed1'."),
        (("--data", "fake", "--networks", "resnet"), "There is no network named 'resnet'."),
        (("--data", "fake", "--regimes", "raw,cooked"), "There is no regime named 'cooked'."),
        (
            ("--data", "fake", "--regimes", "raw,retrain"),
            "These have not been retrained, and what the photos weights",
        ),
        (("--data", "fake", "--limit", "0"), "0 is not a whole number above 0."),
        (("--data", "fake", "--device", "tpu"), "There is no device named 'tpu'."),
        (("--resume", "none"), "There is no job named 'none'."),
    ],
)
def test_mistakes_begin_no_job(arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"bitlens: {sentence}")
    assert shared_jobs().jobs() == []


def test_another_kind_of_job_is_no_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    job = shared_jobs().add("retrain", "{}")
    assert main(["sweep", "--resume", job.id]) == 2
    assert f"The job {job.id} is not a sweep but a retrain." in capsys.readouterr().err
    assert shared_jobs().get(job.id).state == "queued"


def test_paths_are_made_absolute_and_names_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.safetensors").touch()
    (tmp_path / "photos").touch()
    assert settled_weights("photos") == "photos"
    assert settled_weights("a.safetensors") == settled_weights("./a.safetensors") == f"{tmp_path}/a.safetensors"
    assert settled_weights("gone.safetensors") == "gone.safetensors"


def test_a_folder_of_class_folders_and_a_zip_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real sets behind the command: goldfish and frogs of every size, one of which is cut off."""
    monkeypatch.setattr(module, "opened", opened)
    monkeypatch.setattr(module, "shared_networks", shared_networks)
    monkeypatch.chdir(tmp_path)
    good = {
        f"{name}/{number}.png": picture(number, 20 + number) for name in ("Goldfish", "bullfrog") for number in (0, 1)
    }
    files = good | {"bullfrog/cut.png": picture(7)[:60], "a lamp/0.png": picture(8), "bullfrog/notes.txt": b"none"}
    write_files(tmp_path / "pets", files)
    write_zip(tmp_path / "pets.zip", files)
    options = ("--networks", "squeezenet", "--formats", "fp32,fp16", "--json")
    found = []
    for name in ("pets", "pets.zip"):
        assert main(["sweep", "--data", name, *options]) == 0
        said = capsys.readouterr()
        assert "Left out: 1 file that is no picture by name." in said.err
        assert "1 of 6 pictures cannot be read and are left out: bullfrog/cut.png." in said.err
        assert "1 of 3 classes are none of the photos networks' and are left out: a lamp." in said.err
        found.append(json.loads(said.out))
    folder, zipped = found
    assert folder["plan"]["data"] == "pets" and folder["data"] == zipped["data"]
    begun = shared_jobs().get(folder["job"])  # which can be gone on with from anywhere
    assert Plan.from_json(begun.plan).data == str(tmp_path / "pets")
    assert [row["images"] for row in folder["results"]] == [4, 4]
    assert [row["top1"] for row in folder["results"]] == [row["top1"] for row in zipped["results"]]
    assert all(row["top1"] is not None for row in folder["results"])


def test_a_folder_without_labels_gives_agreement_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "opened", opened)
    monkeypatch.setattr(module, "shared_networks", shared_networks)
    folder = write_files(tmp_path / "flat", {f"{number}.png": picture(number, 40) for number in range(5)})
    found = _document(capsys, "--data", str(folder), "--networks", "squeezenet", "--formats", "fp32,fp16")
    for row in found["results"]:
        assert row["images"] == 5
        assert {row[name] for name in ("top1", "top1_low", "top1_high", "top5", "p_value", "keeps_99")} == {None}
    assert found["results"][0]["agreement"] == 100.0 and found["results"][1]["agreement"] is not None
