"""Moves, ranks and boxes against answers worked out by hand and by sorting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compare.changes import baseline_of, box_iou, largest_change, moves, points_in_words, rank_of, tied
from tests.compare.examples import FP32, answer

scores = st.lists(st.integers(0, 6), min_size=5, max_size=8).map(lambda values: [value / 8 for value in values])


def test_a_score_that_two_classes_have_is_a_tie() -> None:
    """Also where the other class is below the list."""
    assert tied(answer("fixed4", (0.3, 0.2, 0.2, 0.1, 0.05, 0.05, 0.04, 0.03))) == {1, 2, 4}
    assert tied(answer("fixed4", (0.3, 0.2, 0.15, 0.1, 0.09, 0.05, 0.04, 0.03))) == frozenset()


def test_moves_name_direction_rank_and_points() -> None:
    """By hand: tabby stays, lynx passes Persian cat, and teapot comes from FP32's rank 6 into the list."""
    fixed8 = answer("fixed8", (0.64, 0.11, 0.13, 0.02, 0.03, 0.05, 0.01, 0.01))
    found = [(move.label, move.rank, move.baseline_rank, move.direction, move.points) for move in moves(fixed8, FP32)]
    assert found == [
        ("tabby", 1, 1, "same", -7.0),
        ("lynx", 2, 3, "up", 5.0),
        ("Persian cat", 3, 2, "down", -1.0),
        ("teapot", 4, 6, "new", 4.0),
        ("owl", 5, 5, "same", 0.0),
    ]


def test_words_carry_what_arrow_and_sign_show() -> None:
    fixed8 = answer("fixed8", (0.64, 0.11, 0.13, 0.02, 0.03, 0.05, 0.01, 0.01))
    assert [move.words for move in moves(fixed8, FP32)] == [
        "same rank as FP32, 7.00 points less sure",
        "up from rank 3 to 2, 5.00 points more sure",
        "down from rank 2 to 3, 1.00 points less sure",
        "new in the list, rank 6 in FP32, 4.00 points more sure",
        "same rank as FP32, equally sure",
    ]


def test_a_vanishing_fall_is_not_shown_as_minus_zero() -> None:
    nearly = answer("fp16", (0.7099999, 0.12, 0.08, 0.04, 0.03, 0.01, 0.006, 0.004))
    assert f"{moves(nearly, FP32)[0].points:+.2f}" == "+0.00"
    assert points_in_words(moves(nearly, FP32)[0].points) == "equally sure"


@given(scores)
def test_rank_is_the_place_in_a_stable_sort(values: list[float]) -> None:
    order = sorted(range(len(values)), key=lambda index: (-values[index], index))
    assert [rank_of(index, values) for index in order] == list(range(1, len(values) + 1))


@given(scores)
def test_an_answer_compared_with_itself_moves_nothing(values: list[float]) -> None:
    fp32 = answer("fp32", values)
    assert {(move.direction, move.points) for move in moves(answer("fp16", values), fp32)} == {("same", 0.0)}


@given(st.permutations(range(8)), st.permutations(range(8)))
def test_direction_follows_the_two_ranks(before: list[int], after: list[int]) -> None:
    fp32 = answer("fp32", [value / 100 for value in before])
    other = answer("fixed8", [value / 100 for value in after])
    for move in moves(other, fp32):
        old, new = 8 - before[move.class_index], 8 - after[move.class_index]
        assert (move.baseline_rank, move.rank) == (old, new)
        assert move.direction == ("new" if old > 5 else "same" if old == new else "up" if new < old else "down")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 2, 1), (1, 0, 3, 1), 1 / 3),
        ((0, 0, 2, 2), (0, 0, 2, 2), 1.0),
        ((0, 0, 1, 1), (2, 2, 3, 3), 0.0),
        ((0, 0, 4, 4), (1, 1, 3, 3), 0.25),
        ((0, 0, 1, 1), (1, 0, 2, 1), 0.0),
        ((1, 1, 1, 1), (1, 1, 1, 1), None),
        (None, (0, 0, 1, 1), None),
        ((0, 0, 1, 1), None, None),
    ],
)
def test_box_iou_by_hand(a: object, b: object, expected: float | None) -> None:
    assert box_iou(a, b) == (None if expected is None else pytest.approx(expected))


corner = st.integers(0, 9)
boxes = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), corner, corner, st.integers(1, 9), st.integers(1, 9))


@given(boxes, boxes)
def test_box_iou_counts_unit_squares(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> None:
    def squares(box: tuple[int, int, int, int]) -> set[tuple[int, int]]:
        return {(x, y) for x in range(box[0], box[2]) for y in range(box[1], box[3])}

    assert box_iou(a, b) == pytest.approx(len(squares(a) & squares(b)) / len(squares(a) | squares(b)))


def test_largest_change_may_be_of_a_class_that_left_the_list() -> None:
    """FP32's first answer falls to the last rank: its loss outweighs every gain."""
    other = answer("fixed4", (0.0, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1))
    change = largest_change([FP32, other])
    assert change is not None
    assert (change.title, change.label, change.before, change.after) == ("FIXED-4", "tabby", 0.71, 0.0)
    assert change.points == -71.0


def test_nothing_to_compare_gives_no_change() -> None:
    fixed8 = answer("fixed8", (0.64, 0.11, 0.13, 0.02, 0.03, 0.05, 0.01, 0.01))
    assert largest_change([FP32]) is None
    assert largest_change([fixed8]) is None
    assert baseline_of([fixed8]) is None
    assert baseline_of([fixed8, FP32]) is FP32
