"""The sentences, against sentences written by hand and claims read back out of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compare.records import Answer
from core.compare.sentences import sentence, summary
from tests.compare.examples import FP32, LABELS, answer

SAME = FP32.probabilities
SWAPPED = (0.64, 0.12, 0.08, 0.03, 0.04, 0.01, 0.006, 0.004)
NEW_FIRST = (0.2, 0.1, 0.6, 0.05, 0.03, 0.01, 0.006, 0.004)
GONE_FIRST = (0.001, 0.1, 0.6, 0.05, 0.03, 0.01, 0.006, 0.004)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        (
            [answer("fixed8", SWAPPED)],
            "FIXED-8 agrees on ranks 1-3; 4 and 5 swap; confidence of tabby falls from 0.71 to 0.64.",
        ),
        (
            [answer("fp16", SAME)],
            "FP16 gives FP32's five answers in FP32's order; no confidence changes by as much as 0.01.",
        ),
        (
            [answer("fp16", SAME), answer("bf16", SAME), answer("fixed16", SAME), answer("fixed8", SWAPPED)],
            "FP16, BF16 and FIXED-16 give FP32's five answers in FP32's order; FIXED-8 agrees on ranks 1-3 while 4 and "
            "5 swap; the largest change in confidence is FIXED-8's: tabby falls from 0.71 to 0.64.",
        ),
        (
            [answer("fixed8", SWAPPED), answer("int8", SWAPPED)],
            "FIXED-8 and INT8 agree on ranks 1-3 while 4 and 5 swap; the largest change in confidence is FIXED-8's: "
            "tabby falls from 0.71 to 0.64.",
        ),
        (
            [answer("fixed4", NEW_FIRST)],
            "FIXED-4's first answer is lynx instead of tabby, which falls to rank 2, and it keeps all of FP32's five; "
            "confidence of lynx rises from 0.08 to 0.60.",
        ),
        (
            [answer("fixed4", GONE_FIRST)],
            "FIXED-4's first answer is lynx instead of tabby, which falls out of the list, and it keeps four of FP32's "
            "five; confidence of tabby falls from 0.71 to 0.00.",
        ),
        (
            [answer("fixed8", (0.71, 0.12, 0.08, 0.02, 0.03, 0.01, 0.025, 0.004), regime="retrain")],
            "FIXED-8 RE-TRAIN agrees on ranks 1-3; owl moves up and bus is new at rank 5; confidence of fox falls from "
            "0.04 to 0.02.",
        ),
        (
            [answer("fixed8", (0.71, 0.03, 0.08, 0.06, 0.02, 0.01, 0.006, 0.004))],
            "FIXED-8 agrees on ranks 1 and 5; lynx and fox move up and Persian cat moves down; confidence of Persian "
            "cat falls from 0.12 to 0.03.",
        ),
        (
            [answer("fixed2", (0.25, 0.25, 0.25, 0.125, 0.125, 0, 0, 0))],
            "FIXED-2 gives FP32's five answers in FP32's order (ranks 1-3 tie, ranks 4 and 5 tie); confidence of tabby "
            "falls from 0.71 to 0.25.",
        ),
    ],
)
def test_sentences_by_hand(others: list[Answer], expected: str) -> None:
    assert sentence([FP32, *others]) == expected


def test_the_baseline_need_not_come_first() -> None:
    assert sentence([answer("fixed8", SWAPPED), FP32]) == sentence([FP32, answer("fixed8", SWAPPED)])


def test_equal_scores_are_called_ties() -> None:
    fp32 = answer("fp32", (0.1, 0.6, 0.2, 0.05, 0.03, 0.01, 0.006, 0.004))
    tied = answer("fixed3", (0.4, 0.4, 0.1, 0.05, 0.05, 0, 0, 0))
    assert sentence([fp32, tied]).startswith(
        "FIXED-3's first answer is tabby instead of Persian cat, which has the same score, and it keeps all of FP32's "
        "five (ranks 1 and 2 tie, ranks 4 and 5 tie); "
    )


def test_a_tie_across_the_end_of_the_list_is_named() -> None:
    tied = answer("fixed3", (0.5, 0.1, 0.08, 0.01, 0.05, 0.01, 0.01, 0.01))
    assert "(rank 5 ties with answers below the list)" in sentence([FP32, tied])


def test_a_box_that_moved_is_named_and_one_that_held_is_not() -> None:
    fp32 = answer("fp32", SAME, box=(0, 0, 100, 100))
    held = answer("int8", SAME, box=(0, 0, 100, 95))
    moved = answer("fixed8", SAME, box=(0, 0, 100, 50))
    assert sentence([fp32, held, moved]).endswith("; the box moves in FIXED-8 (IoU 0.50).")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], ""),
        ([FP32], "FP32 answers tabby with a confidence of 0.71; add a format to see what changes."),
        (
            [answer("fixed8", SWAPPED), answer("int8", SAME), answer("fixed4", NEW_FIRST)],
            "Without FP32 there is nothing to compare with: FIXED-8 and INT8 answer tabby and FIXED-4 answers lynx.",
        ),
        (
            [answer("fp32", SAME, count=1), answer("fp16", SAME, count=1)],
            "FP16 gives FP32's answer; no confidence changes by as much as 0.01.",
        ),
    ],
)
def test_sentences_with_little_to_say(answers: list[Answer], expected: str) -> None:
    assert sentence(answers) == expected


def ranks_named(text: str) -> set[int]:
    """Such as "1, 2 and 4-6" gives {1, 2, 4, 5, 6}."""
    spans = [(int(low), int(high or low)) for low, high in re.findall(r"(\d+)(?:-(\d+))?", text)]
    return {rank for low, high in spans for rank in range(low, high + 1)}


values = st.lists(st.integers(0, 7), min_size=8, max_size=8).map(lambda numbers: [number / 8 for number in numbers])


@given(values, values)
def test_claims_are_true(before: list[float], after: list[float]) -> None:
    """What a sentence claims of ranks, swaps and newcomers holds in two lists sorted here, and nothing is missed."""
    old, new = (sorted(LABELS, key=lambda label: -scores[LABELS.index(label)])[:5] for scores in (before, after))
    said = sentence([answer("fp32", before), answer("fixed8", after)])
    agreeing = {rank for rank in range(1, 6) if old[rank - 1] == new[rank - 1]}
    assert ("gives FP32's five answers in FP32's order" in said) == (old == new)
    assert ("first answer is" in said) == (old[0] != new[0])
    if claim := re.search(r"agrees on ranks? ([-\d, and]+);", said):
        assert ranks_named(claim[1]) == agreeing
        newcomers = {f"{label} is new at rank {new.index(label) + 1}" for label in set(new) - set(old)}
        assert all(newcomer in said for newcomer in newcomers)
        assert said.count("is new at rank") == len(newcomers)
    else:
        assert old == new or old[0] != new[0]
    for i, j in re.findall(r"(\d) and (\d) swap", said):
        assert (old[int(i) - 1], old[int(j) - 1]) == (new[int(j) - 1], new[int(i) - 1])
        assert i != j


@given(values, values)
def test_sentences_are_whole(before: list[float], after: list[float]) -> None:
    said = sentence([answer("fp32", before), answer("fixed8", after), answer("int8", before)])
    assert said.endswith(".")
    assert said.count(".") == 1 + len(re.findall(r"\d\.\d", said))
    assert not re.search(r"  | ,|, ;|;;|; ?\.|\(\)|None", said)


def test_summary_counts_first_answers_over_pictures() -> None:
    pictures = [
        [FP32, answer("fp16", SAME), answer("fixed4", SAME)],
        [answer("fp32", SAME, image="b.png"), answer("fp16", SAME), answer("fixed4", NEW_FIRST, image="b.png")],
        [answer("fp32", SAME, image="c.png"), answer("fp16", SAME), answer("fixed4", NEW_FIRST, image="c.png")],
        [answer("fixed4", NEW_FIRST, image="no baseline.png")],
    ]
    assert [outcome.sentence for outcome in summary(pictures)] == [
        "FP16 keeps SqueezeNet's first answer on 3 of 3 pictures.",
        "FIXED-4 keeps SqueezeNet's first answer on 1 of 3 pictures; it changes on b.png (lynx instead of tabby) and "
        "c.png (lynx instead of tabby).",
    ]


def test_summary_keeps_networks_apart() -> None:
    """VGG-16 without FP32 has no baseline, and must not borrow SqueezeNet's."""
    pictures = [[FP32, answer("fixed8", NEW_FIRST), answer("fixed8", SAME, network="vgg16")]]
    outcomes = summary(pictures)
    assert [(outcome.network, outcome.title, outcome.kept, outcome.pictures) for outcome in outcomes] == [
        ("squeezenet", "FIXED-8", 0, 1)
    ]
    assert outcomes[0].changed[0].baseline_label == "tabby"
    assert "on 0 of 1 picture; it changes on cat.png" in outcomes[0].sentence


def test_retrained_weights_are_compared_with_raw_fp32() -> None:
    """The control comes first here, and is no baseline all the same."""
    control = answer("fp32", (0.12, 0.71, 0.08, 0.04, 0.03, 0.01, 0.006, 0.004), regime="retrain")
    retrained = answer("fixed8", FP32.probabilities, regime="retrain")
    words = sentence([control, FP32, retrained])
    assert words.startswith(
        "FIXED-8 RE-TRAIN gives FP32's five answers in FP32's order; FP32 RE-TRAIN's first answer is"
    )
    assert sentence([control]).startswith(
        "Without FP32 there is nothing to compare with: FP32 RE-TRAIN answers Persian cat"
    )
