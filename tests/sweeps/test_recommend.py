"""Which format is recommended, and how many pictures it would take to tell."""

from __future__ import annotations

from dataclasses import replace
from itertools import compress
from pathlib import Path

import pytest

from core.errors import RequestError
from core.sweeps.recommend import Recommendation, pictures_needed, recommend
from core.sweeps.rows import Table
from core.sweeps.verdicts import Pairs, verdicts
from tests.charts.sweeps import swept, unlabelled
from tests.sweeps.by_hand import filled, outcomes
from tests.sweeps.fakes import plan


def _only(found: Table, share: float = 0.99) -> Recommendation:
    (one,) = recommend(found, share)
    return one


def _swept(path: Path, **right: int) -> Table:
    return swept(path, {name: (count,) for name, count in right.items()})


def test_the_cheapest_that_keeps_it_for_certain(tmp_path: Path) -> None:
    """FIXED-6 loses too much; FIXED-8 is cheaper than FIXED-16; FP32 is no choice."""
    one = _only(_swept(tmp_path, fp32=990, fixed16=990, fixed8=990, fixed6=800))
    assert one.best is not None and (one.best.row.format, one.best.keeps, one.open) == ("fixed8", "yes", None)
    assert one.sentence == (
        "SqueezeNet: FIXED-8 keeps 99 % of FP32's Top-1 (99.00 % against 99.00 %) in 0.00 MB, 25.0 % of FP32's weights."
    )


def test_fewer_activation_bits_then_raw_at_equal_weights(tmp_path: Path) -> None:
    activations = _only(_swept(tmp_path / "a", fp32=990, w8a16=990, fixed8=990))
    assert activations.best is not None and activations.best.row.format == "fixed8"
    regimes = _only(swept(tmp_path / "b", {"fp32": (990, 990), "fixed8": (990, 990)}, ("retrain", "raw")))
    assert regimes.best is not None and (regimes.best.row.format, regimes.best.row.regime) == ("fixed8", "raw")


def test_what_is_cheaper_and_undecided_is_named_with_the_pictures_it_takes(tmp_path: Path) -> None:
    one = _only(_swept(tmp_path, fp32=990, fixed8=990, fixed6=985))
    assert one.best is not None and one.best.row.format == "fixed8"
    assert one.open is not None and one.open.row.format == "fixed6"
    more = one.open.more_pictures
    assert more is not None and more > 0
    assert "FIXED-6 is the cheapest that may keep 99 % of FP32's Top-1: about " in one.sentence


def test_what_is_below_the_share_here_is_more_likely_not_to_keep_it(tmp_path: Path) -> None:
    """975 of 990 are 98.48 %."""
    one = _only(_swept(tmp_path, fp32=990, fixed8=990, fixed6=975))
    assert one.open is not None and one.open.row.format == "fixed6"
    assert (
        "FIXED-6 is the cheapest that is not ruled out, but more likely loses more (98.48 % here): about"
        in one.sentence
    )
    assert "may keep" not in one.sentence


def test_every_other_format_has_its_verdict(tmp_path: Path) -> None:
    one = _only(_swept(tmp_path, fp32=990, fixed8=990, int8=990, fixed16=990, fixed7=985, fixed6=800))
    assert one.best is not None and one.best.row.format == "fixed8"
    assert one.open is not None and one.open.row.format == "fixed7"
    assert [(other.row.format, other.keeps) for other in one.others] == [
        ("int8", "yes"),
        ("fixed16", "yes"),
        ("fixed6", "no"),
    ]
    assert one.lines[0].startswith("INT8 keeps 99 %: here it has 100.00 % of FP32's Top-1, in ")
    assert one.lines[2].startswith("FIXED-6 does not keep 99 %: here it has 80.81 %")


@pytest.mark.parametrize(("right", "likely"), [(985, "it may"), (975, "more likely not")])
def test_an_undecided_line_says_which_is_likelier(tmp_path: Path, right: int, likely: str) -> None:
    one = _only(_swept(tmp_path, fp32=990, fixed8=990, fixed16=right))
    (line,) = one.lines
    assert line.startswith(f"FIXED-16 is undecided for 99 %, {likely}: here it has {100 * right / 990:.2f} %")


def test_more_pictures_than_anybody_has_are_no_number(tmp_path: Path) -> None:
    found = _swept(tmp_path, fp32=1000, fixed8=990)
    one = _only(found, 0.9901)
    assert one.open is not None and (one.open.more_pictures or 0) >= 100_000
    assert one.sentence.endswith("it lies too close to tell.")


def test_a_format_that_has_not_answered_is_no_fp32_alone(tmp_path: Path) -> None:
    _, found = filled(tmp_path, plan(formats=("fp32", "fixed8")), {0: [outcomes([True] * 9 + [False])]})
    assert _only(found).sentence == "SqueezeNet: nothing to recommend yet, since FP32 alone has answers so far."


def test_nothing_for_certain_or_nothing_at_all(tmp_path: Path) -> None:
    undecided = _only(_swept(tmp_path / "undecided", fp32=700, fixed8=695, fixed6=300))
    assert undecided.best is None and undecided.open is not None and undecided.open.row.format == "fixed8"
    assert undecided.sentence.startswith("SqueezeNet: not to be told yet. FIXED-8 is the cheapest that may keep 99 %")
    none = _only(_swept(tmp_path / "none", fp32=700, fixed8=300))
    assert (none.best, none.open) == (None, None)
    assert none.sentence == "SqueezeNet: keep FP32. No format here keeps 99 % of FP32's Top-1 of 70.00 %."


def test_another_share(tmp_path: Path) -> None:
    found = _swept(tmp_path, fp32=900, fixed8=850)
    strict, lax = _only(found, 0.99), _only(found, 0.9)
    assert strict.best is None
    assert lax.best is not None and "keeps 90 % of FP32's Top-1" in lax.sentence
    for share in (0, -1, 1.01, float("nan")):
        with pytest.raises(RequestError, match="cannot be kept"):
            recommend(found, share)


def test_the_verdicts_are_the_tables(tmp_path: Path) -> None:
    found = _swept(tmp_path, fp32=900, bf16=900, fixed16=898, fixed8=891, fixed7=880, fixed6=600)
    for share, key in ((0.99, "keeps_99"), (0.999, "keeps_999")):
        one = _only(found, share)
        assert one.best is None or getattr(one.best.row, key) == "yes"
        assert one.open is None or getattr(one.open.row, key) == "undecided"


def test_retraining_says_what_fp32_gained_too(tmp_path: Path) -> None:
    found = swept(tmp_path, {"fp32": (900, 920), "fixed4": (500, 915)}, ("raw", "retrain"))
    one = _only(found)
    assert one.best is not None and (one.best.row.format, one.best.row.regime) == ("fixed4", "retrain")
    assert (
        "Retraining moved it by +41.50 points; FP32 fine-tuned with the same budget gained 2.00 points too"
        in one.sentence
    )
    lost = _only(swept(tmp_path / "lost", {"fp32": (900, 890), "fixed4": (500, 915)}, ("raw", "retrain")))
    assert "Retraining" not in lost.sentence


def test_without_the_format_before_it_nothing_is_said_of_what_retraining_gained(tmp_path: Path) -> None:
    """With RE-TRAIN alone, FP32 is the only variant that is run before a training."""
    found = swept(tmp_path, {"fp32": (900, 920), "fixed4": (500, 915)}, ("raw", "retrain"))
    kept = [row.regime == "retrain" or row.format == "fp32" for row in found.rows]
    one = _only(Table(tuple(compress(found.rows, kept)), tuple(compress(found.details, kept))))
    assert one.best is not None and one.best.row.title == "FIXED-4 RE-TRAIN"
    assert "Retraining" not in one.sentence


def test_fp32_fine_tuned_is_no_format_to_recommend(tmp_path: Path) -> None:
    one = _only(swept(tmp_path, {"fp32": (700, 990)}, ("raw", "retrain")))
    assert (one.best, one.open) == (None, None)
    assert one.sentence == "SqueezeNet: nothing to recommend, since FP32 alone was run."


def test_each_network_has_its_own(tmp_path: Path) -> None:
    found = swept(tmp_path, {"fp32": (990,), "fixed8": (990,)}, networks=("squeezenet", "vgg16"))
    assert [(one.network, one.best is not None) for one in recommend(found)] == [("squeezenet", True), ("vgg16", True)]


def test_without_labels_or_fp32(tmp_path: Path) -> None:
    for found in (unlabelled(tmp_path / "unlabelled"), _swept(tmp_path / "without", fixed8=700)):
        assert "nothing to recommend, since FP32 has no right answers" in _only(found).sentence


def test_pictures_needed_by_hand() -> None:
    """Where n are right in both, z(r) squared is n (1 - r) / r: 1.6449 squared times 999 is 2,702.8."""
    assert pictures_needed(Pairs(1000, 0, 0, 0), 0.999, 1) == 2703
    assert pictures_needed(Pairs(99, 0, 1, 0), 0.99, 1) is None


@pytest.mark.parametrize("pairs", [Pairs(600, 20, 21, 359), Pairs(700, 5, 14, 281), Pairs(400, 30, 31, 539)])
@pytest.mark.parametrize("share", [0.99, 0.999])
def test_that_many_pictures_with_the_same_shares_decide(pairs: Pairs, share: float) -> None:
    """One row and one question have two sides: with a tenth more pictures it is told, with a tenth fewer it is not."""
    needed = pictures_needed(pairs, share, 2)
    assert needed is not None

    def at(pictures: float) -> str:
        counts = {
            name: round(getattr(pairs, name) * pictures / pairs.total) for name in ("both", "gained", "lost", "neither")
        }
        ((verdict,),) = verdicts([replace(pairs, **counts)], [share])
        return verdict

    assert at(1.1 * needed) != "undecided"
    assert at(0.9 * needed) == "undecided"
