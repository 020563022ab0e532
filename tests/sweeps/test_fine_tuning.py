"""RE-TRAIN inside a sweep, with the real networks on a few signs and a budget of a few steps."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.cli.main import main
from core.datasets.folder import open_folder
from core.datasets.opening import open_set
from core.errors import Cancelled, DataError, RequestError, WeightsError
from core.jobs.store import shared_jobs
from core.models import regimes, retrained
from core.models.files import sha256
from core.models.labels import labels
from core.quantization.options import BUDGETS, Options
from core.serving.networks import Networks
from core.sweeps import fine_tuning as module
from core.sweeps import launch as launching
from core.sweeps.carry_out import carry_out
from core.sweeps.checking import check, missing
from core.sweeps.conditions import Conditions
from core.sweeps.opening import UNSEEN, opened
from core.sweeps.plan import Plan
from core.sweeps.rows import table
from core.sweeps.store import SweepStore
from core.training import material
from tests.datasets.files import picture, write_files
from tests.retrained import retrained_weights
from tests.sweeps.fakes import FakeSet, begun, plan
from tests.weights import lively_weights

BUDGET = Options(rate=1e-3, epochs=1, steps=2, batch=4)
SIGNS = plan(weights=("signs",), formats=("fp32", "fixed4"), data="signs:12", regimes=("raw", "retrain"))


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(material, "DRAWN", 6)
    monkeypatch.setitem(BUDGETS, "signs", BUDGET)
    monkeypatch.setattr(module, "BETWEEN_S", 0.0)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def sweep(chosen: Plan, store: SweepStore, after: Callable[[], None] = lambda: None) -> Conditions:
    carry_out(chosen, store, open_set(chosen.data), Networks(), after)
    found = store.conditions()
    assert found is not None
    return found


def file(name: str) -> Path:
    return regimes.target("squeezenet", "signs", name)


def test_what_is_missing_is_fine_tuned_and_then_swept(tmp_path: Path) -> None:
    store, stages, progress = begun(tmp_path, SIGNS), [], []

    def look() -> None:
        stages.append(store.stage())
        progress.append(store.jobs.get(store.job).progress)

    conditions = sweep(SIGNS, store, look)
    assert [(one.format, one.regime) for one in conditions.variants] == [
        *(("fp32", "raw"), ("fixed4", "raw"), ("fp32", "retrain"), ("fixed4", "retrain"))
    ]
    for name, record in zip(("fp32", "fixed4"), conditions.variants[2:], strict=True):
        assert record.weights_sha256 == sha256(file(name))
        assert record.options is not None and record.options["rate"] == 1e-3
        assert record.options["data"] == "Signs (8 of split train, seed 0)"
        assert record.retrained.startswith("1 epoch on Signs (8 of split train, seed 0)")
    assert conditions.variants[0].options is None and conditions.variants[0].retrained == ""
    assert conditions.variants[1].program_sha256 != conditions.variants[3].program_sha256
    found = table(store, conditions)
    assert [row.images for row in found.rows] == [12] * 4 and found.notes == ()
    assert "Fine-tuning SqueezeNet FIXED-4, 2 of 2: step 2 of 2." in stages
    assert progress == sorted(progress) and store.reserved() == module.SHARE and store.stage() == ""
    assert 0 < progress[stages.index("Fine-tuning SqueezeNet FIXED-4, 2 of 2: step 2 of 2.")] <= module.SHARE


def test_cut_off_it_goes_on_and_comes_out_the_same(tmp_path: Path) -> None:
    whole = sweep(SIGNS, begun(tmp_path, SIGNS)).variants
    kept = {name: file(name).read_bytes() for name in ("fp32", "fixed4")}
    file("fixed4").unlink()
    made = file("fp32").stat().st_mtime_ns
    (tmp_path / "again").mkdir()
    store = begun(tmp_path / "again", SIGNS)

    def stop() -> None:
        if "step 1 of 2" in store.stage():
            raise Cancelled("The job was cancelled.", "Go on with it.")

    with pytest.raises(Cancelled):
        sweep(SIGNS, store, stop)
    assert store.conditions() is None and not file("fixed4").exists()
    reached = store.jobs.get(store.job).progress
    seen: list[float] = []
    again = sweep(SIGNS, store, lambda: seen.append(store.jobs.get(store.job).progress)).variants
    assert min(seen) >= reached
    assert again == whole
    assert file("fp32").stat().st_mtime_ns == made and file("fixed4").read_bytes() == kept["fixed4"]


def test_a_control_of_another_budget_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUDGETS, "signs", replace(BUDGET, rate=1e-4))
    sweep(replace(SIGNS, formats=("fp32",)), begun(tmp_path, SIGNS))
    monkeypatch.setitem(BUDGETS, "signs", BUDGET)
    (tmp_path / "again").mkdir()
    store = begun(tmp_path / "again", SIGNS)
    conditions = sweep(SIGNS, store)
    assert table(store, conditions).notes == (
        "SqueezeNet FIXED-4 RE-TRAIN was not fine-tuned as SqueezeNet FP32 RE-TRAIN was (rate 0.001, not 0.0001): "
        "what sets them apart is not the format alone.",
    )
    assert Conditions.from_json(conditions.to_json()) == conditions


def test_signs_weights_are_trained_on_signs_and_photos_on_nothing_else_than_their_own() -> None:
    data = open_set("signs:12")
    found = missing(SIGNS, data)
    assert [(one.format, one.regime, text) for one, text in found] == [
        *(("fp32", "retrain", "signs"), ("fixed4", "retrain", "signs"))
    ]
    check(SIGNS, data)
    photos = plan(regimes=("retrain",), formats=("fixed4",))
    with pytest.raises(RequestError, match="on is not at hand: SqueezeNet FIXED-4") as caught:
        check(photos, FakeSet(3))
    assert "python -m core retrain --network squeezenet --weights photos --format fixed4 --data SET" in str(
        caught.value
    )
    check(replace(photos, regimes=("raw",)), FakeSet(3))


def noise(folder: Path, count: int) -> Path:
    """Class folders without train, val or test above them."""
    return write_files(folder, {f"{labels('photos')[n % 5]}/{n}.png": picture(n) for n in range(count)})


def test_no_picture_that_retraining_takes_is_swept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Flat class folders, most of which train: begun, gone on with and shown, a sweep with RE-TRAIN takes the rest alone."""
    shared_jobs.cache_clear()
    folder, weights = noise(tmp_path / "noise", 40), str(lively_weights(tmp_path))
    retrained_weights("squeezenet", weights, "fp32")
    options = ("--data", str(folder), "--networks", "squeezenet", "--weights", weights, "--formats", "fp32", "--json")
    assert main(["sweep", *options, "--regimes", "raw,retrain"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    swept = opened(Plan.from_json(shared_jobs().get(found["job"]).plan))
    titles = {split: {one.title for one in open_folder(folder, split).entries} for split in ("train", "val")}
    assert titles["train"] and titles["val"]
    assert not {swept.title(index) for index in range(len(swept))} & (titles["train"] | titles["val"])
    assert [row["images"] for row in found["results"]] == [len(swept)] * 2 and 0 < len(swept) < 20
    assert found["data"]["name"] == "noise (test)" and found["data"]["sha256"] == swept.fingerprint
    assert found["data"]["notes"] == [UNSEEN] and f"bitlens: {UNSEEN}" in said.err
    assert main(["sweep", "--resume", found["job"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"] == found["results"]
    assert main(["sweep", *options, "--regimes", "raw"]) == 0
    raw = json.loads(capsys.readouterr().out)
    assert raw["results"][0]["images"] == 40 and raw["data"]["notes"] == []
    shared_jobs.cache_clear()


def test_the_app_begins_it_with_the_same_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = plan(data=str(noise(tmp_path / "noise", 40)), regimes=("raw", "retrain"))
    seen: list[int] = []
    monkeypatch.setattr(launching, "check", lambda plan, data: seen.append(len(data)))
    monkeypatch.setattr(launching, "start_process", lambda jobs, job: 1)
    launching.launch(shared_jobs(), chosen)
    launching.launch(shared_jobs(), replace(chosen, regimes=("raw",)))
    assert seen[0] < seen[1] == 40
    shared_jobs.cache_clear()


def test_classes_that_none_of_the_networks_knows_are_refused(tmp_path: Path) -> None:
    strangers = write_files(tmp_path / "set", {f"{name}/0.png": picture(0) for name in ("a lamp", "a hat")})
    with pytest.raises(DataError, match="None of the set's 2 classes is one that the network tells apart"):
        check(plan(), open_set(str(strangers)))
    check(plan(), FakeSet(3, labelled=False))


def test_weights_that_are_no_parents_are_refused(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "empty.pth")
    with pytest.raises(WeightsError):
        check(plan(weights=(str(tmp_path / "empty.pth"),)), FakeSet(3))
    sweep(SIGNS, begun(tmp_path, SIGNS))
    assert retrained.read(file("fixed4")) is not None
    with pytest.raises(RequestError, match="was retrained already"):
        check(replace(SIGNS, weights=(str(file("fixed4")),)), open_set("signs:12"))


@pytest.mark.parametrize("full", ["mkdir", "write_bytes"])
def test_a_full_disk_is_said_with_the_place_and_a_remedy(
    full: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, whole = begun(tmp_path, SIGNS), getattr(Path, full)

    def refused(path: Path, *arguments: object, **options: object) -> object:
        if "retrained" in path.parts:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return whole(path, *arguments, **options)

    monkeypatch.setattr(Path, full, refused)
    with pytest.raises(WeightsError, match="No space left on device") as caught:
        sweep(SIGNS, store)
    assert str(file("fp32").parent) in str(caught.value) and "BITLENS_CACHE" in caught.value.remedy
    assert "--output" in caught.value.remedy and not list(file("fp32").parent.glob("*"))


def test_the_command_with_the_default_budget(capsys: pytest.CaptureFixture[str]) -> None:
    shared_jobs.cache_clear()
    options = ("--data", "signs:12", "--networks", "squeezenet", "--weights", "signs", "--formats", "bf16,fixed4")
    assert main(["sweep", *options, "--regimes", "retrain", "--json"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert [(row["format"], row["regime"]) for row in found["results"]] == [
        *(("fp32", "raw"), ("fp32", "retrain"), ("fixed4", "retrain"))
    ]
    assert found["notes"] == [] and found["details"][2]["options"]["steps"] == 2
    assert "Fine-tuning SqueezeNet FP32, 1 of 2: step 1 of 2." in said.err
    assert main(["sweep", "--resume", found["job"]]) == 0
    words = found["details"][2]["retrained"]
    assert words.startswith("1 epoch on Signs (8 of split train, seed 0)")
    said = capsys.readouterr()
    assert [line.endswith(f"FIXED-4 RE-TRAIN: {words}.") for line in said.out.splitlines()].count(True) == 1
    shared_jobs.cache_clear()
