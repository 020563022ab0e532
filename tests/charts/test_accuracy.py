"""The bars of the source's figure, against the table they are drawn from."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import binomtest

from core.charts import accuracy
from core.charts.style import DARK, LIGHT, look
from tests.charts.sweeps import swept, unlabelled
from tests.sweeps.by_hand import filled, outcomes
from tests.sweeps.fakes import plan

NETWORKS = ("squeezenet", "vgg16")


def test_a_bar_for_every_variant_by_network_with_its_interval(tmp_path: Path) -> None:
    found = swept(tmp_path, {"fp32": (700, 720), "fixed8": (690, 700)}, ("raw", "retrain"), networks=NETWORKS)
    five, first, *intervals = accuracy.chart(found).data
    assert (five.name, first.name) == ("Top-5", "Top-1")
    groups, titles = first.y
    assert list(groups) == ["SqueezeNet"] * 4 + ["VGG-16"] * 4
    assert list(titles) == ["FP32", "FIXED-8", "FP32 RE-TRAIN", "FIXED-8 RE-TRAIN"] * 2
    assert list(first.x) == [70.0, 69.0, 72.0, 70.0] * 2 and list(five.x) == [100.0] * 8
    wilson = binomtest(700, 1000).proportion_ci(method="wilson")
    low = 100 * binomtest(1000, 1000).proportion_ci(method="wilson").low
    of_five, of_first = intervals[:2], intervals[2:]
    for drawn in of_first:
        assert drawn.x[0] - drawn.error_x.arrayminus[0] == pytest.approx(100 * wilson.low)
        assert drawn.x[0] + drawn.error_x.array[0] == pytest.approx(100 * wilson.high)
    for drawn in of_five:
        assert drawn.x[0] - drawn.error_x.arrayminus[0] == pytest.approx(low)
    assert [one.error_x.color for one in intervals] == [LIGHT, DARK] * 2


def test_the_formats_colours_and_the_outline_of_retrain(tmp_path: Path) -> None:
    found = swept(tmp_path, {"fp32": (700, 720), "fixed8": (690, 700)}, ("raw", "retrain"))
    first = accuracy.chart(found).data[1]
    assert list(first.y) == ["FP32", "FIXED-8", "FP32 RE-TRAIN", "FIXED-8 RE-TRAIN"]
    bars = first.marker
    assert list(bars.color) == [look(name).colour for name in ("fp32", "fixed8", "fp32", "fixed8")]
    assert list(bars.line.width[:2]) == [0, 0] and min(bars.line.width[2:]) > 0


@pytest.mark.parametrize(
    ("right", "finding"),
    [
        ({"fp32": 700, "fixed8": 500, "fixed4": 100}, "SqueezeNet loses most in FIXED-4: Top-1 70.00 to 10.00 %"),
        ({"fp32": 700, "fixed8": 700}, "Every format keeps 99 % of FP32's Top-1"),
        ({"fp32": 700, "fixed8": 695}, "No loss of more than 1 % of FP32's Top-1 is certain; 1 of 1 are undecided"),
        ({"bf16": 700, "fixed8": 500}, "SqueezeNet in BF16 has the highest Top-1, 70.00 %"),
    ],
)
def test_what_the_title_says(tmp_path: Path, right: dict[str, int], finding: str) -> None:
    found = swept(tmp_path, {name: (count,) for name, count in right.items()})
    assert accuracy.finding(found) == finding
    assert accuracy.chart(found).layout.meta["finding"] == finding
    assert finding in accuracy.alt(found)


def test_without_labels_agreement_is_drawn(tmp_path: Path) -> None:
    found = unlabelled(tmp_path)
    bars = accuracy.chart(found).data[0]
    assert (bars.name, list(bars.x)) == ("Agreement with FP32", [100.0, 75.0])
    assert accuracy.finding(found) == "SqueezeNet in FIXED-8 agrees least with FP32: 75.00 % of first answers"
    assert "FIXED-8 agrees 75.00" in accuracy.alt(found)


def test_without_labels_fp32_is_not_told_to_agree_least_with_itself(tmp_path: Path) -> None:
    same = outcomes([True] * 8, labelled=False)
    alike = filled(tmp_path / "alike", plan(), {0: [same], 1: [same]})[1]
    assert accuracy.finding(alike) == "Every format's first answers are FP32's"
    alone = filled(tmp_path / "alone", plan(formats=("fp32",)), {0: [same]})[1]
    assert accuracy.finding(alone).startswith("No accuracy is known")


def test_two_files_of_one_name_stand_apart(tmp_path: Path) -> None:
    """The second's FIXED-8 is far better than FP32 of the first, and still the one that loses most of its own."""
    chosen = plan(weights=("/a/mine.st", "/b/mine.st"))
    right = {0: 300, 1: 200, 2: 900, 3: 600}
    found = filled(
        tmp_path, chosen, {number: [outcomes([True] * n + [False] * (1000 - n))] for number, n in right.items()}
    )[1]
    groups, titles = accuracy.chart(found).data[0].y
    assert tuple(groups) == (*("SqueezeNet, mine.st",) * 2, *("SqueezeNet, mine.st (2)",) * 2)
    assert tuple(titles) == ("FP32", "FIXED-8") * 2
    assert accuracy.finding(found) == "SqueezeNet loses most in FIXED-8: Top-1 90.00 to 60.00 %"


def test_words_for_all_bars(tmp_path: Path) -> None:
    said = accuracy.alt(swept(tmp_path, {"fp32": (700,), "fixed8": (500,)}))
    assert said.startswith("Bar chart of Top-1 and Top-5 by network, format and regime, in percent.")
    assert "SqueezeNet FIXED-8 50.00 (46.91 to 53.09) and 100.00." in said
