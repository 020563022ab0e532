"""What changed between number formats, in plain words: for one picture, and over several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from core.compare.changes import baseline_of, box_iou, largest_change, moves
from core.compare.records import Answer
from core.models.catalog import architecture

BOX_HOLDS = 0.9
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def sentence(answers: Sequence[Answer]) -> str:
    """One sentence for one network's answers to one picture; empty for no answers.

    "FIXED-8 agrees on ranks 1-3; 4 and 5 swap; confidence of tabby falls from 0.71 to 0.64."
    """
    baseline = baseline_of(answers)
    if baseline is None:
        return _without_baseline(answers)
    others = [answer for answer in answers if answer is not baseline]
    if not others:
        first = baseline.top[0]
        return f"FP32 answers {first.label} with a confidence of {first.score:.2f}; add a format to see what changes."
    clauses = [*_agreement(others, baseline), *_differences(others, baseline), _confidence(answers), _boxes(answers)]
    return "; ".join(clause for clause in clauses if clause) + "."


def _without_baseline(answers: Sequence[Answer]) -> str:
    if not answers:
        return ""
    said: dict[str, list[str]] = {}
    for answer in answers:
        said.setdefault(answer.top[0].label, []).append(answer.variant.title)
    parts = (f"{_and(titles)} answer{'s' if len(titles) == 1 else ''} {label}" for label, titles in said.items())
    return f"Without FP32 there is nothing to compare with: {_and(list(parts))}."


def _agreement(others: Sequence[Answer], baseline: Answer) -> list[str]:
    """The formats with FP32's answers in FP32's order; those in which that order rests on a tie say so."""
    alike: dict[str, list[str]] = {}
    for answer in others:
        if _classes(answer) == _classes(baseline):
            alike.setdefault(_ties(answer), []).append(answer.variant.title)
    count = len(baseline.top)
    what = "FP32's answer" if count == 1 else f"FP32's {_number(count)} answers in FP32's order"
    return [f"{_and(titles)} {'gives' if len(titles) == 1 else 'give'} {what}{ties}" for ties, titles in alike.items()]


def _differences(others: Sequence[Answer], baseline: Answer) -> list[str]:
    """One clause for each way to differ; formats that differ in the same way share it."""
    link = "; " if len(others) == 1 else " while "
    alike: dict[str, list[Answer]] = {}
    for answer in others:
        if _classes(answer) != _classes(baseline):
            alike.setdefault(_difference([""], answer, baseline, link), []).append(answer)
    return [
        _difference([answer.variant.title for answer in group], group[0], baseline, link) for group in alike.values()
    ]


def _difference(titles: Sequence[str], answer: Answer, baseline: Answer, link: str) -> str:
    if answer.top[0].class_index == baseline.top[0].class_index:
        text = _same_first(titles, answer, baseline, link)
    else:
        text = _new_first(titles, answer, baseline)
    return text + _ties(answer) + _ties(baseline, " in FP32")


def _same_first(titles: Sequence[str], answer: Answer, baseline: Answer, link: str) -> str:
    agreed = [
        mine.rank
        for mine, theirs in zip(answer.top, baseline.top, strict=False)
        if mine.class_index == theirs.class_index
    ]
    ranks = f"rank{'s' if len(agreed) > 1 else ''} {_and(_runs(agreed))}"
    return f"{_and(titles)} {'agrees' if len(titles) == 1 else 'agree'} on {ranks}{link}{_rest(answer, baseline)}"


def _new_first(titles: Sequence[str], answer: Answer, baseline: Answer) -> str:
    """Such as "FIXED-4's first answer is lynx instead of tabby, which falls to rank 2, and it keeps four of ..."."""
    whose = f"{titles[0]}'s first answer" if len(titles) == 1 else f"the first answer of {_and(titles)}"
    old, count = baseline.top[0], len(baseline.top)
    text = f"{whose} is {answer.top[0].label} instead of {old.label}, {_fate(old.class_index, answer)}"
    if count == 1:
        return text
    kept = len(set(_classes(answer)) & set(_classes(baseline)))
    how_many = "all" if kept == count else "none" if kept == 0 else _number(kept)
    return f"{text}, and {'it keeps' if len(titles) == 1 else 'they keep'} {how_many} of FP32's {_number(count)}"


def _fate(class_index: int, answer: Answer) -> str:
    """Where FP32's first answer went."""
    if answer.probabilities[class_index] == answer.top[0].score:
        return "which has the same score"
    if class_index in _classes(answer):
        return f"which falls to rank {1 + _classes(answer).index(class_index)}"
    return "which falls out of the list"


def _rest(answer: Answer, baseline: Answer) -> str:
    """The ranks that differ: "4 and 5 swap", "fox and lynx move up and owl is new at rank 5"."""
    old, new = _classes(baseline), _classes(answer)
    swaps = [
        (i, j)
        for i in range(len(new))
        for j in range(i + 1, len(new))
        if (old[i], old[j]) == (new[j], new[i])  # both ranks hold the other's class
    ]
    swapped = {new[i] for pair in swaps for i in pair}
    rest = [move for move in moves(answer, baseline) if move.class_index not in swapped]
    up, down = ([move.label for move in rest if move.direction == direction] for direction in ("up", "down"))
    parts = [f"{i + 1} and {j + 1} swap" for i, j in swaps]
    parts += [f"{_and(up)} move{'s' if len(up) == 1 else ''} up"] if up else []
    parts += [f"{_and(down)} move{'s' if len(down) == 1 else ''} down"] if down else []
    parts += [f"{move.label} is new at rank {move.rank}" for move in rest if move.direction == "new"]
    return _and(parts)


def _ties(answer: Answer, where: str = "") -> str:
    """Equal scores, whose order is only the classes' order: " (ranks 4 and 5 tie)"."""
    runs = [[guess.rank for guess in run] for _, run in groupby(answer.top, key=lambda guess: guess.score)]
    tied = [f"ranks {_and(_runs(run))} tie" for run in runs if len(run) > 1]
    if answer.probabilities.count(answer.top[-1].score) > len(runs[-1]):
        tied.append(f"rank {answer.top[-1].rank} ties with answers below the list")
    return f" ({', '.join(tied)}{where})" if tied else ""


def _confidence(answers: Sequence[Answer]) -> str:
    change = largest_change(answers)
    if change is None:
        return ""
    if abs(change.after - change.before) < 0.01:
        return "no confidence changes by as much as 0.01"
    verb = "rises" if change.after > change.before else "falls"
    what = f"{verb} from {change.before:.2f} to {change.after:.2f}"
    if len(answers) == 2:
        return f"confidence of {change.label} {what}"
    return f"the largest change in confidence is {change.title}'s: {change.label} {what}"


def _boxes(answers: Sequence[Answer]) -> str:
    """The boxes that overlap FP32's by less than BOX_HOLDS; small shifts are not news."""
    baseline = baseline_of(answers)
    overlaps = [
        (answer.variant.title, box_iou(answer.box, baseline.box if baseline else None))
        for answer in answers
        if answer is not baseline
    ]
    moved = [f"{title} (IoU {iou:.2f})" for title, iou in overlaps if iou is not None and iou < BOX_HOLDS]
    return f"the box moves in {_and(moved)}" if moved else ""


def _classes(answer: Answer) -> tuple[int, ...]:
    return tuple(guess.class_index for guess in answer.top)


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def _and(parts: Sequence[str]) -> str:
    """["a", "b", "c"] gives "a, b and c"."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _runs(ranks: Sequence[int]) -> list[str]:
    """Three or more in a row are a range: [1, 2, 3, 5] gives ["1-3", "5"]."""
    runs: list[list[int]] = []
    for rank in ranks:
        if runs and rank == runs[-1][-1] + 1:
            runs[-1].append(rank)
        else:
            runs.append([rank])
    return [text for run in runs for text in ([f"{run[0]}-{run[-1]}"] if len(run) > 2 else map(str, run))]


@dataclass(frozen=True)
class FirstChange:
    """A picture on which a format's first answer is not FP32's."""

    image: str
    label: str
    baseline_label: str


@dataclass(frozen=True)
class FirstAnswers:
    """How often one network in one format keeps FP32's first answer over several pictures."""

    network: str
    title: str
    pictures: int
    changed: tuple[FirstChange, ...]

    @property
    def kept(self) -> int:
        return self.pictures - len(self.changed)

    @property
    def sentence(self) -> str:
        """Such as "FIXED-8 keeps VGG-16's first answer on 7 of 8 pictures; it changes on a.png (lynx instead ...)."."""
        whose = f"{self.title} keeps {architecture(self.network).title}'s first answer"
        text = f"{whose} on {self.kept} of {self.pictures} picture{'' if self.pictures == 1 else 's'}"
        changes = [f"{change.image} ({change.label} instead of {change.baseline_label})" for change in self.changed]
        return f"{text}; it changes on {_and(changes)}." if changes else f"{text}."


def summary(pictures: Sequence[Sequence[Answer]]) -> tuple[FirstAnswers, ...]:
    """For each network and format, over the pictures on which FP32 ran too. One inner sequence for each picture."""
    outcomes: dict[tuple[str, str], list[FirstChange | None]] = {}
    for answers in pictures:
        for answer in answers:
            own = (other for other in answers if other.variant.network == answer.variant.network)
            baseline = baseline_of(own)
            if baseline and answer is not baseline:
                key = (answer.variant.network, answer.variant.title)
                outcomes.setdefault(key, []).append(_first_change(answer, baseline))
    return tuple(
        FirstAnswers(network, title, len(each), tuple(change for change in each if change))
        for (network, title), each in outcomes.items()
    )


def _first_change(answer: Answer, baseline: Answer) -> FirstChange | None:
    mine, theirs = answer.top[0], baseline.top[0]
    return None if mine.class_index == theirs.class_index else FirstChange(answer.image, mine.label, theirs.label)
