from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.cli import classify as module
from core.cli.choices import add_variant_options, variants
from core.cli.main import main
from core.compare.answer import answer
from core.compare.records import Answer
from core.compare.view import View
from core.datasets.signs.samples import crop
from core.images.decode import decode
from core.images.samples import sample
from core.models.catalog import ARCHITECTURES
from core.models.labels import labels
from core.models.regimes import UNCONTROLLED
from core.models.weights import availability
from core.serving.networks import Networks
from core.variant import Variant
from tests.compare.examples import answer as example
from tests.retrained import retrained_weights
from tests.weights import lively_weights

REPOSITORY = Path(__file__).resolve().parents[2]
ROW = {
    *("image", "network", "weights", "format", "regime", "engine", "arithmetic"),
    *("milliseconds", "elapsed_ms", "weight_bytes", "box", "top"),
}
ARITHMETIC = {"fp32": "native", "fp16": "native", "bf16": "native", "int8": "emulated", "w6a8": "emulated"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(lively_weights(tmp_path_factory.mktemp("weights")))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8).repeat(20, 0).repeat(20, 1)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def _options(weights: str, formats: str = "fp32") -> list[str]:
    return ["--networks", "squeezenet", "--weights", weights, "--formats", formats]


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    captured = capsys.readouterr()
    assert captured.err == ""
    document: dict[str, Any] = json.loads(captured.out)
    return document


@pytest.mark.parametrize("network", ARCHITECTURES)
def test_a_drawn_sign_is_told_by_its_name(network: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A large sign seen from the front: the formats of 8 bits agree with FP32 on it."""
    if not availability(network, "signs").present:
        pytest.skip(f"the signs weights of {network} are not in this checkout")
    large = next(one for index in range(99) if (one := crop(1, "test", index)).signs[0].factors.size > 50)
    large.picture.save(tmp_path / "sign.png")
    options = ["--networks", network, "--weights", "signs", "--formats", "fp32,fixed8,int8", "--json"]
    assert main(["classify", str(tmp_path / "sign.png"), *options]) == 0
    rows = _json(capsys)["results"]
    assert {row["top"][0]["label"] for row in rows} == {labels("signs")[large.signs[0].label]}
    assert all(row["box"] is not None for row in rows)


def test_the_document(photo: Path, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    cat = str(sample("cat").file)
    assert main(["classify", str(photo), cat, *_options(weights, ",".join(ARITHMETIC)), "--json"]) == 0
    document = _json(capsys)
    assert (document["schema"], document["command"]) == (1, "classify")
    assert document["environment"]["device"] == "cpu"
    rows = document["results"]
    assert [(row["image"], row["format"]) for row in rows] == [
        (name, format) for name in ("photo.png", Path(cat).name) for format in ARITHMETIC
    ]
    for row in rows:
        assert row.keys() >= ROW
        assert (row["network"], row["weights"], row["regime"]) == ("squeezenet", Path(weights).name, "raw")
        assert row["arithmetic"] == ARITHMETIC[row["format"]]
        assert (row["milliseconds"] is None) == (row["arithmetic"] == "emulated")
        assert row["elapsed_ms"] > 0 and row["weight_bytes"] > 0
        assert [guess["rank"] for guess in row["top"]] == [1, 2, 3, 4, 5]
        assert all(guess.keys() == {"rank", "class", "label", "score"} for guess in row["top"])
        x0, y0, x1, y1 = row["box"]
        assert 0 <= x0 <= x1 and 0 <= y0 <= y1


def test_two_photos_of_one_name_stay_apart(photo: Path, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    other = photo.parent / "other" / photo.name
    other.parent.mkdir()
    Image.new("RGB", (30, 30), "red").save(other)
    assert main(["classify", str(photo), str(other), *_options(weights)]) == 0
    headings = [line for line in capsys.readouterr().out.splitlines() if line.startswith(str(photo.parent))]
    assert [heading.split(" · ")[0] for heading in headings] == [str(photo), str(other)]


def test_layers_come_with_their_noise(photo: Path, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(photo), *_options(weights, "fp32,fixed4"), "--no-search", "--layers", "--json"]) == 0
    exact, coarse = (row["layers"] for row in _json(capsys)["results"])
    assert [layer["layer"] for layer in exact] == [layer["layer"] for layer in coarse]
    assert len(exact) >= 26  # SqueezeNet's convolutions
    assert all(layer["sqnr_db"] == "inf" or layer["sqnr_db"] > 80 for layer in exact)
    assert all(layer["sqnr_db"] == "-inf" or layer["sqnr_db"] < 40 for layer in coarse)


def test_the_numbers_are_those_of_the_comparison(photo: Path, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(photo), *_options(weights, "fixed8"), "--top", "7", "--no-search", "--json"]) == 0
    (row,) = _json(capsys)["results"]
    variant = Variant("squeezenet", weights, "fixed8")
    found = answer(Networks(), View(decode(photo.read_bytes())), variant, top=7)
    assert [(guess["class"], guess["label"], guess["score"]) for guess in row["top"]] == [
        (guess.class_index, guess.label, guess.score) for guess in found.top
    ]
    assert found.box is not None and row["box"] == list(found.box)
    assert not row["preliminary"] and found.preliminary


def test_the_calibrator_is_taken(photo: Path, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(photo), *_options(weights, "int8"), "--calibrator", "percentile", "--json"]) == 0
    assert _json(capsys)["results"][0]["calibrated"].startswith("99.99th percentile over")


def test_the_table_for_people(photo: Path, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(photo), *_options(weights, "fp32,fixed16"), "--top", "2"]) == 0
    heading, fp32, fixed16, blank, island = capsys.readouterr().out.splitlines()
    assert heading == f"photo.png · squeezenet · {Path(weights).name}"
    assert fp32.split()[:2] == ["FP32", "native"] and " ms  " in fp32
    assert fixed16.split()[:2] == ["FIXED-16", "emulated"] and " ms " not in fixed16
    found = answer(Networks(), View(decode(photo.read_bytes())), Variant("squeezenet", weights, "fp32"), top=2)
    assert found.box is not None
    x0, y0, x1, y1 = (int(corner + 0.5) for corner in found.box)
    guesses = "  ".join(f"{guess.label} {guess.score:.2f}" for guess in found.top)
    assert fp32.endswith(f" ms  ({x0}, {y0}) to ({x1}, {y1})  {guesses}")
    assert blank == ""
    assert island == "Float island: softmax. Behind the last layer, in float64, for every format alike."


def test_lines_without_and_with_boxes() -> None:
    boxed = example("fp32", (0.75, 0.25), box=(1.4, 2.6, 30.5, 1234.9), count=1, milliseconds=1.5)
    assert module.table([boxed, example("fixed8", (0.5, 0.5), box=(0, 0, 9, 9), count=1)]).splitlines()[1:] == [
        "  FP32       native       1.50 ms  (1, 3) to (30, 1235)  tabby 0.75",
        "  FIXED-8    emulated              (0, 0) to (9, 9)      tabby 0.50",
    ]
    assert module.table([example("fixed8", (0.5, 0.5), count=1)]).endswith(" emulated              tabby 0.50")


def test_islands_come_once_and_last(photo: Path, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(photo), str(sample("cat").file), *_options(weights, "fp32,bf16")]) == 0
    first, second, island = capsys.readouterr().out.split("\n\n")
    assert first.startswith("photo.png · ") and second.startswith(f"{sample('cat').file.name} · ")
    assert island.startswith("Float island: softmax.") and len(island.splitlines()) == 1


def test_a_bad_photo_costs_nothing_that_came_before_it(
    photo: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = [str(photo), str(photo.parent / "gone.png"), str(photo)]
    assert main(["classify", *photos, *_options(weights)]) == 2
    captured = capsys.readouterr()
    assert captured.out.splitlines()[1].startswith("  FP32 ")
    assert captured.err.startswith(f"bitlens: {photos[1]} cannot be read: No such file or directory.")
    assert main(["classify", *photos, *_options(weights), "--json"]) == 2
    assert json.loads(capsys.readouterr().out).keys() == {"schema", "error"}


def test_variants_are_checked_before_any_photo_is_read(
    weights: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "read", lambda *_: pytest.fail("read a photo"))
    assert main(["classify", "gone.png", *_options(weights, "fixed99")]) == 2
    assert "There is no number format named 'fixed99'." in capsys.readouterr().err


def test_one_picture_is_held_at_a_time(photo: Path, weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[weakref.ref[View]] = []

    def answered(networks: Networks, view: View, *_: object) -> Answer:
        held.append(weakref.ref(view))
        gc.collect()
        assert [one() for one in held] == [None] * (len(held) - 1) + [view]
        return example("fp32", (0.75, 0.25))

    monkeypatch.setattr(module, "answer", answered)
    others = [photo.with_name(f"{number}.png") for number in range(3)]
    for other in others:
        other.write_bytes(photo.read_bytes())
    assert main(["classify", *map(str, others), *_options(weights)]) == 0
    assert len(held) == 3


def test_layers_are_measured_on_the_device_given(
    photo: Path, weights: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    devices: list[str] = []
    networks = Networks()
    monkeypatch.setattr("core.cli.choices.check_device", lambda device: None)
    monkeypatch.setattr(module, "answer", lambda *_: example("fp32", (0.75, 0.25)))
    monkeypatch.setattr(module, "shared_networks", lambda: networks)
    monkeypatch.setattr(networks, "executable", lambda variant, device="cpu": devices.append(device))
    monkeypatch.setattr(module, "layer_noise", lambda *arguments: devices.append(arguments[3]) or ())
    assert main(["classify", str(photo), *_options(weights), "--layers", "--device", "cuda"]) == 0
    assert devices == ["cuda", "cuda"]


def test_all_networks_and_formats_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["classify", "--help"])
    assert "[--json]" in capsys.readouterr().out

    parser = argparse.ArgumentParser()
    add_variant_options(parser)
    chosen = variants(parser.parse_args([]))
    formats = ["fp32", "fp16", "bf16", "fixed16", "fixed8", "int8"]
    assert [(one.network, one.format) for one in chosen] == [(n, f) for n in ARCHITECTURES for f in formats]
    assert {(one.weights, one.regime) for one in chosen} == {("photos", "raw")}


MISTAKES = {
    "network": (["--networks", "alexnet"], "request", "There is no network named 'alexnet'."),
    "format": (["--formats", "fp32,fixed99"], "request", "There is no number format named 'fixed99'."),
    "no format": (["--formats", ","], "request", "--formats names nothing."),
    "weights": (["--weights", "roads"], "request", "There are no weights named 'roads'."),
    "weights file": (["--weights", "gone.safetensors"], "weights", "There is no file gone.safetensors."),
    "device": (["--device", "tpu"], "device", "There is no device named 'tpu'."),
    "top": (["--top", "0"], "request", "--top is 0."),
    "number": (["--top", "many"], "request", "Argument --top: invalid int value: 'many'."),
    "calibrator": (["--calibrator", "best"], "request", "Argument --calibrator: invalid choice: 'best'"),
    "option": (["--network-of-mine", "x"], "request", "Unrecognized arguments: --network-of-mine x."),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence_and_code_2(
    name: str, photo: Path, weights: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options, kind, sentence = MISTAKES[name]
    arguments = ["classify", str(photo), *_options(weights), *options]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"bitlens: {sentence}")
    assert len(captured.err.splitlines()) == 1
    assert main([*arguments, "--json"]) == 2
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document.keys() == {"schema", "error"}
    assert document["error"].keys() == {"kind", "message", "remedy"}
    assert (document["schema"], document["error"]["kind"]) == (1, kind)
    assert document["error"]["message"].startswith(sentence)
    assert captured.err == f"bitlens: {document['error']['message']} {document['error']['remedy']}\n"


def test_photos_that_are_none(
    tmp_path: Path, weights: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.png").write_text("These are words.")
    (tmp_path / "empty.png").touch()
    for name, message in (
        ("gone.png", f"{tmp_path}/gone.png cannot be read: No such file or directory."),
        (".", f"{tmp_path} cannot be read: Is a directory."),
        ("words.png", "words.png is not a picture in a format that is read here."),
        ("empty.png", "empty.png is empty."),
    ):
        assert main(["classify", str(tmp_path / name), *_options(weights), "--json"]) == 2
        error = json.loads(capsys.readouterr().out)["error"]
        assert (error["kind"], error["message"]) == ("image", message)
        assert error["remedy"]
    monkeypatch.setenv("BITLENS_MAX_UPLOAD_MB", "1")
    (tmp_path / "large.png").write_bytes(bytes(1_000_001))
    assert main(["classify", str(tmp_path / "large.png"), *_options(weights)]) == 2
    assert "large.png has more than 1 MB" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_nobody_foresaw_is_one_sentence_too(
    photo: Path, weights: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("shapes\n  do not match")

    monkeypatch.setattr(module, "answer", fail)
    assert main(["classify", str(photo), *_options(weights), *options]) == 2
    out, err = capsys.readouterr()
    assert err.startswith("bitlens: Something unexpected went wrong (RuntimeError: shapes do not match).")
    assert len(err.splitlines()) == 1
    if options:
        assert json.loads(out)["error"]["kind"] == "error"


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "core", "classify", str(tmp_path / "gone.png"), "--json"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["kind"] == "image"
    assert done.stderr.startswith("bitlens: ") and len(done.stderr.splitlines()) == 1


def test_no_command_and_an_unknown_one(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, sentence in (([], "The following arguments are required: COMMAND."), (["clasify"], "'clasify'")):
        assert main(arguments) == 2
        captured = capsys.readouterr().err
        assert sentence in captured and "See python -m core --help." in captured


def test_retrained_variants_beside_raw_ones(photo: Path, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = [str(photo), *_options(weights, "fp32,fixed5"), "--no-search", "--regimes", "raw,retrain"]
    retrained_weights("squeezenet", weights, "fixed5")
    assert main(["classify", *options, "--json"]) == 0
    captured = capsys.readouterr()
    rows = json.loads(captured.out)["results"]
    assert [(row["format"], row["regime"]) for row in rows] == [
        ("fp32", "raw"),
        ("fixed5", "raw"),
        ("fixed5", "retrain"),
    ]
    assert [bool(row["retrained"]) for row in rows] == [False, False, True]
    assert rows[2]["retrained"].startswith("1 epoch on Noise") and rows[1]["top"] != rows[2]["top"]
    assert captured.err.startswith("bitlens: Not retrained yet, and left out: SqueezeNet for FP32. To make the first")
    assert captured.err.splitlines()[1:] == [f"bitlens: {UNCONTROLLED}"]
    assert main(["classify", *options]) == 0
    assert "  FIXED-5 RE-TRAIN emulated " in capsys.readouterr().out


def test_a_regime_of_which_nothing_is_here(photo: Path, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    for format, regime, sentence in (
        ("fixed7", "retrain", "Not retrained yet, and left out: SqueezeNet for FIXED-7."),
        ("fp16", "retrain", "These formats are never retrained. Choose FP32, FIXED-N or INT8."),
        ("fp32", "best", "There is no regime named 'best'."),
    ):
        assert main(["classify", str(photo), *_options(weights, format), "--regimes", regime]) == 2
        assert capsys.readouterr().err.startswith(f"bitlens: {sentence}")


def test_a_retrained_file_runs_as_what_it_is(photo: Path, weights: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = retrained_weights("squeezenet", weights, "fixed6")
    assert main(["classify", str(photo), *_options(str(path), "fixed6"), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["results"][0]["regime"] == "retrain" and said.err == f"bitlens: {UNCONTROLLED}\n"
