"""A retrained file: what was trained comes back to the bit, runs as its one format, and says where it is from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.datasets.labelled import TrainingData
from core.engines import reference
from core.environment import commit
from core.errors import RequestError, WeightsError
from core.formats import number_format
from core.models import files, regimes
from core.models.regimes import weights_of
from core.models.retrained import read, write
from core.models.weights import load_network
from core.quantization.fixed_point import Lengths
from core.quantization.lower import lower
from core.quantization.prepare import executable
from core.quantization.retrain import Options, Outcome, retrain
from core.quantization.retrained import save
from core.quantization.simulate import run_float
from core.quantization.stored import as_dict, from_dict
from core.serving.networks import Networks
from core.variant import Calibration, Variant
from tests.quantization.gratings import Gratings
from tests.quantization.networks import pictures
from tests.weights import lively_weights, random_weights

FORMATS = ("fixed4", "w4a8", "int8", "fp32")
OPTIONS = Options(rate=1e-3, epochs=2, batch=8, smallest_crop=1.0, seed=3)


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITLENS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(lively_weights(tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="module")
def data() -> TrainingData:
    """Sixteen coarse pictures, which are learned by heart: the weights are to change."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (16, 3, 8, 8), dtype=np.uint8).repeat(8, 2).repeat(8, 3)
    split = Gratings(images, np.arange(16), np.tile(np.array([0, 0, 1, 1], np.float32), (16, 1)))
    return TrainingData("Noise", "d" * 64, "photos", split, split, mirrored=False)


@pytest.fixture(scope="module")
def outcomes(weights: str, data: TrainingData) -> dict[str, Outcome]:
    """Retrained for each format, and saved where regime `retrain` looks."""
    found, prepared = {}, Networks().prepared("squeezenet", weights)
    for name in FORMATS:
        found[name] = retrain(prepared, number_format(name), data, OPTIONS)
        target = regimes.target("squeezenet", weights, name)
        save(found[name], prepared.loaded, number_format(name), data, OPTIONS, target)
    return found


@pytest.mark.parametrize("name", ["fixed4", "w4a8", "int8"])
def test_the_file_runs_the_program_that_was_trained(name: str, weights: str, outcomes: dict[str, Outcome]) -> None:
    outcome, x = outcomes[name], pictures(2, 64)
    assert outcome.best > 0 and outcome.quantizers is not None
    trained = lower(outcome.graph, outcome.quantizers, number_format(name))
    found = Networks().executable(Variant("squeezenet", weights, name, "retrain"))
    assert (found.engine, found.arithmetic) == ("reference", "emulated")
    assert found.program is not None and found.program.edges.keys() == trained.edges.keys()
    expected, actual = reference.run(trained, x), reference.run(found.program, x)
    assert all(torch.equal(expected[edge], actual[edge]) for edge in trained.edges)
    raw = Networks().executable(Variant("squeezenet", weights, name))
    assert not torch.equal(raw.run(x)[0], found.run(x)[0])


def test_fixed_point_is_kept_as_integers(weights: str, outcomes: dict[str, Outcome]) -> None:
    """A byte for each weight, and worth what the retrained weights are on their grids."""
    path = regimes.target("squeezenet", weights, "fixed4")
    record, held = read(path), load_file(path)
    assert record is not None and record.exponents.keys() == held.keys()
    lengths, first = outcomes["fixed4"].quantizers, outcomes["fixed4"].graph.weighted[0]
    assert isinstance(lengths, Lengths) and first.weight is not None
    q = held[f"{first.layer}.weight"]
    expected = np.clip(np.rint(first.weight.numpy().astype(np.float64) * 2.0 ** lengths.weights[first.name]), -8, 7)
    assert q.dtype == torch.int8 and np.array_equal(q.numpy(), expected)
    module = load_network("squeezenet", str(path)).module
    value = module.get_parameter(f"{first.layer}.weight").detach().double().numpy()
    assert np.array_equal(value, expected * 2.0 ** -lengths.weights[first.name])
    assert path.stat().st_size < 0.35 * regimes.target("squeezenet", weights, "int8").stat().st_size


def test_the_control_runs_in_fp32(weights: str, outcomes: dict[str, Outcome]) -> None:
    found, x = Networks().executable(Variant("squeezenet", weights, "fp32", "retrain")), pictures(2, 64)
    exact = run_float(outcomes["fp32"].graph, x)
    for value, name in zip(found.run(x), outcomes["fp32"].graph.outputs, strict=True):
        torch.testing.assert_close(value, exact[name].double(), rtol=1e-4, atol=1e-4)
    assert (found.engine, found.arithmetic, found.calibrated) == ("torch", "native", "")
    assert found.retrained.startswith("2 epochs on Noise, the best of them ")


@pytest.mark.usefixtures("outcomes")
def test_it_says_how_it_was_calibrated_and_retrained(weights: str, outcomes: dict[str, Outcome]) -> None:
    networks = Networks()
    raw = networks.executable(Variant("squeezenet", weights, "fixed4"))
    variant = Variant("squeezenet", weights, "fixed4", "retrain", Calibration("minmax", search=False))
    found, best = networks.executable(variant), outcomes["fixed4"].best
    assert found.calibrated == f"{raw.calibrated.partition(';')[0]}, before retraining"
    assert found.retrained == f"2 epochs on Noise, the best of them {best}; rate 0.001, seed 3"
    assert (found.preliminary, raw.retrained) == (False, "")
    assert networks.of(variant).loaded.fingerprint != networks.of(replace(variant, regime="raw")).loaded.fingerprint


@pytest.mark.usefixtures("outcomes")
def test_the_record_holds_all_that_it_depends_on(weights: str, outcomes: dict[str, Outcome]) -> None:
    path = regimes.target("squeezenet", weights, "fixed4")
    record = read(path)
    assert record is not None
    assert (record.network, record.format, record.parent) == ("squeezenet", "fixed4", Path(weights).name)
    assert record.parent_sha256 == files.sha256(Path(weights))
    assert (record.data, record.data_fingerprint) == ("Noise", "d" * 64)
    assert record.options == asdict(OPTIONS)
    assert (record.as_dict()["regime"], record.environment["bitlens"]) == ("retrain", commit())
    assert [entry["top1"] for entry in record.history] == [scores.top1 for scores in outcomes["fixed4"].scores]
    assert record.best_epoch == outcomes["fixed4"].best
    loaded = load_network("squeezenet", str(path))
    parent = load_network("squeezenet", weights)
    assert loaded.retrained == record
    assert (loaded.labels, loaded.preprocessing) == (parent.labels, parent.preprocessing)
    assert loaded.card["what"].endswith(", batch norm folded")
    assert loaded.card["licence"] == parent.card["licence"]
    assert record.parent_sha256[:12] in loaded.card["origin"]
    assert str(Path(weights).parent) not in str(record.as_dict())


@pytest.mark.usefixtures("outcomes")
def test_a_file_named_by_its_path_runs_as_what_it_is(weights: str, tmp_path: Path) -> None:
    path = shutil.copy(regimes.target("squeezenet", weights, "fixed4"), tmp_path / "mine.safetensors")
    variant = Variant("squeezenet", str(path), "fixed4", "retrain")
    assert weights_of(variant) == str(path)
    assert Networks().executable(variant).retrained
    with pytest.raises(
        WeightsError, match=r"mine.safetensors was retrained for FIXED-4, not FIXED-8\. Run it in FIXED-4"
    ):
        weights_of(replace(variant, format="fixed8"))
    with pytest.raises(WeightsError, match="mine.safetensors holds SqueezeNet, not VGG-16"):
        weights_of(replace(variant, network="vgg16"))
    with pytest.raises(RequestError, match=r"mine.safetensors was retrained for FIXED-4: its weights are not RAW\."):
        weights_of(replace(variant, regime="raw"))


@pytest.mark.usefixtures("outcomes")
def test_it_is_found_beside_the_weights_too(weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As what ships is; what was made on this machine comes first."""
    parent = Path(shutil.copy(weights, tmp_path / "set.safetensors"))
    made = regimes.target("squeezenet", weights, "fixed4")
    beside = shutil.copy(made, tmp_path / "set-fixed4.safetensors")
    variant = Variant("squeezenet", str(parent), "fixed4", "retrain")
    assert weights_of(variant) == str(beside)
    own = regimes.target("squeezenet", str(parent), "fixed4")
    own.write_bytes(made.read_bytes())
    assert weights_of(variant) == str(own)


@pytest.mark.usefixtures("outcomes")
def test_a_file_of_other_weights_is_refused(weights: str, tmp_path: Path) -> None:
    other = random_weights("squeezenet", tmp_path)
    shutil.copy(regimes.target("squeezenet", weights, "fixed4"), other.with_name(f"{other.stem}-fixed4.safetensors"))
    with pytest.raises(
        WeightsError, match=r"squeezenet-0-fixed4.safetensors was retrained from other weights than the .*copy"
    ):
        weights_of(Variant("squeezenet", str(other), "fixed4", "retrain"))


@pytest.mark.usefixtures("outcomes")
def test_what_was_never_retrained_says_what_to_run(weights: str) -> None:
    with pytest.raises(WeightsError, match="have not been retrained for FIXED-7") as caught:
        weights_of(Variant("squeezenet", weights, "fixed7", "retrain"))
    assert (
        f"python -m core retrain --network squeezenet --weights {Path(weights).name} --format fixed7"
        in caught.value.remedy
    )
    with pytest.raises(RequestError, match=r"There is no regime named 'best'\. Choose from: raw, retrain\."):
        weights_of(Variant("squeezenet", weights, "fixed4", "best"))


def test_raw_weights_are_loaded_under_their_own_name() -> None:
    assert weights_of(Variant("vgg16", "photos", "fixed4")) == "photos"


@pytest.mark.usefixtures("outcomes")
def test_a_prepared_network_refuses_another_format(weights: str) -> None:
    prepared = Networks().of(Variant("squeezenet", weights, "fixed4", "retrain"))
    for name in ("fp32", "fixed8"):
        with pytest.raises(
            RequestError, match=r"These weights were retrained for FIXED-4, not F.*\. Run them in FIXED-4\."
        ):
            executable(prepared, number_format(name), Calibration())


@pytest.mark.usefixtures("outcomes")
def test_retraining_goes_on_from_a_retrained_file(
    weights: str, data: TrainingData, outcomes: dict[str, Outcome]
) -> None:
    prepared = Networks().of(Variant("squeezenet", weights, "fixed4", "retrain"))
    further = retrain(prepared, number_format("fixed4"), data, OPTIONS)
    assert further.quantizers == outcomes["fixed4"].quantizers
    kept = outcomes["fixed4"].scores[outcomes["fixed4"].best]
    assert further.scores[0].top1 == kept.top1 and further.scores[0].loss == pytest.approx(kept.loss)
    with pytest.raises(RequestError, match="These weights were retrained for FIXED-4, not FIXED-8."):
        retrain(prepared, number_format("fixed8"), data, OPTIONS)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1, "regime": "retrain"}', '{"regime": "retrain"}'])
def test_a_damaged_record_is_told(weights: str, tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.safetensors"
    save_file(load_file(weights), path, {"bitlens": text})
    with pytest.raises(WeightsError, match="What broken.safetensors says of its retraining cannot be read."):
        load_network("squeezenet", str(path))


def test_a_record_of_another_version_is_told(weights: str, tmp_path: Path) -> None:
    path = tmp_path / "later.safetensors"
    save_file(load_file(weights), path, {"bitlens": '{"schema": 9, "regime": "retrain"}'})
    with pytest.raises(
        WeightsError, match=r"later.safetensors was written by another version of Bitlens \(schema 9, not 1\)"
    ):
        read(path)


@pytest.mark.usefixtures("outcomes")
def test_a_record_that_names_another_network_is_told(weights: str, tmp_path: Path) -> None:
    path = regimes.target("squeezenet", weights, "fixed4")
    record = read(path)
    assert record is not None
    write(tmp_path / "odd.safetensors", load_file(path), replace(record, network="vgg16"))
    with pytest.raises(WeightsError, match="odd.safetensors holds SqueezeNet"):
        load_network("squeezenet", str(tmp_path / "odd.safetensors"))


def test_files_without_a_record_have_none(weights: str, tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_bytes(b"x")
    (tmp_path / "x.safetensors").write_bytes(b"x")
    assert [read(path) for path in (Path(weights), *(tmp_path / f"{n}" for n in ("x.pth", "x.safetensors", "y")))] == [
        None
    ] * 4


def test_quantizers_survive_json(outcomes: dict[str, Outcome]) -> None:
    for name in ("fixed4", "int8"):
        quantizers = outcomes[name].quantizers
        assert from_dict(json.loads(json.dumps(as_dict(quantizers)))) == quantizers
    assert isinstance(outcomes["fixed4"].quantizers, Lengths)
    assert as_dict(outcomes["fp32"].quantizers) == {}
