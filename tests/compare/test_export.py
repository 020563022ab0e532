"""The files a comparison becomes, read back by independent readers."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from core.compare.export import to_csv, to_json
from core.compare.records import Guess
from core.images.crop import Crop
from core.variant import Calibration, Variant
from tests.compare.examples import FP32, answer

BOXED = answer("fixed8", (0.64, 0.12, 0.08, 0.03, 0.04, 0.01, 0.006, 0.004), box=(1.5, 2, 30, 40), milliseconds=1.25)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_json_has_the_documented_keys_and_values() -> None:
    document = json.loads(to_json([BOXED, FP32], {"python": "3.11"}))
    assert list(document) == ["schema", "command", "environment", "results"]
    assert (document["schema"], document["command"], document["environment"]) == (1, "classify", {"python": "3.11"})
    first, second = document["results"]
    assert (
        first.items()
        >= {
            "image": "cat.png",
            "network": "squeezenet",
            "weights": "photos",
            "format": "fixed8",
            "regime": "raw",
            "engine": "reference",
            "arithmetic": "native",
            "milliseconds": 1.25,
            "elapsed_ms": 12.346,
            "weight_bytes": 1000,
            "box": [1.5, 2, 30, 40],
        }.items()
    )
    assert first["top"][0] == {"rank": 1, "class": 0, "label": "tabby", "score": 0.64}
    assert [guess["rank"] for guess in first["top"]] == [1, 2, 3, 4, 5]
    assert second["box"] is None
    assert second["milliseconds"] is None


def test_json_keeps_letters_of_every_language() -> None:
    named = replace(FP32, image="貓.png")
    assert "貓.png" in to_json([named], {})


def test_csv_has_one_row_for_each_guess() -> None:
    found = rows(to_csv([FP32, BOXED]))
    assert [(row["format"], row["rank"], row["label"], float(row["score"])) for row in found] == [
        (given.variant.format, str(guess.rank), guess.label, guess.score)
        for given in (FP32, BOXED)
        for guess in given.top
    ]
    assert [found[5][f"box_{side}"] for side in ("x0", "y0", "x1", "y1")] == ["1.5", "2", "30", "40"]
    assert (found[0]["box_x0"], found[0]["milliseconds"], found[5]["milliseconds"]) == ("", "", "1.25")


@pytest.mark.parametrize(
    "name", ["=1+1.png", "+1.png", "-1.png", "@SUM(A1).png", "\t=1.png", "\r=1.png", " =1.png", "＝1.png"]
)
def test_no_cell_can_be_a_formula(name: str) -> None:
    hostile = replace(FP32, image=name, top=(Guess(1, 0, name, 0.5),))
    (row,) = rows(to_csv([hostile]))
    assert row["image"] == row["label"] == f"'{name}"
    assert row["score"] == "0.5"
    assert row["floats"] == "softmax"


def test_commas_quotes_and_line_breaks_survive() -> None:
    (row, *_) = rows(to_csv([replace(FP32, image='a,"b"\nc.png')]))
    assert row["image"] == 'a,"b"\nc.png'


def test_what_computing_again_takes_is_in_both_files() -> None:
    variant = Variant("squeezenet", "photos", "fixed8", calibration=Calibration("kl", False))
    early = replace(
        BOXED,
        variant=variant,
        preliminary=True,
        calibrated="least KL divergence over 55 pictures",
        image_sha256="ab12",
        weights_sha256="cd34",
        crop=Crop(0.25, 0.5, 0.75),
    )
    expected = {
        "calibrated": "least KL divergence over 55 pictures",
        "preliminary": True,
        "image_sha256": "ab12",
        "weights_sha256": "cd34",
        "crop_x": 0.25,
        "crop_y": 0.5,
        "crop_size": 0.75,
        "calibrator": "kl",
        "search": False,
    }
    assert json.loads(to_json([early], {}))["results"][0].items() >= expected.items()
    assert rows(to_csv([early]))[0].items() >= {key: str(value) for key, value in expected.items()}.items()
