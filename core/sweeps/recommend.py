"""The cheapest format of each network that keeps its accuracy, as far as the pictures can tell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scipy.stats import norm

from core.errors import RequestError
from core.formats import number_format
from core.models.catalog import architecture
from core.sweeps import budgets
from core.sweeps.plan import BASELINE
from core.sweeps.rows import Detail, Row, Table
from core.sweeps.verdicts import ERROR, THRESHOLDS, Pairs, Verdict, verdicts, z_score

MANY = 100_000


@dataclass(frozen=True)
class Candidate:
    """A variant that is no FP32, and whether it keeps the share of FP32's Top-1 that was asked for.

    `more_pictures` is about how many more would tell, where that is undecided; None where no number would: its ratio to FP32
    is the very share.
    """

    row: Row
    detail: Detail
    keeps: Verdict
    more_pictures: int | None

    @property
    def cost(self) -> tuple[int, int, bool]:
        """Bytes of the weights, then bits of the activations; RAW is cheaper than RE-TRAIN."""
        return (
            self.detail.record.weight_bytes,
            number_format(self.row.format).activation_bits,
            self.row.regime != "raw",
        )

    @property
    def ratio(self) -> float:
        """Of its Top-1 to FP32's on these pictures."""
        return self.detail.ratio or 0.0

    @property
    def told_by(self) -> str:
        """What it would take to tell, where that is undecided."""
        if self.more_pictures is None or self.more_pictures >= MANY:
            return "it lies too close to tell"
        return f"about {_rounded(self.more_pictures):,} more pictures like these would tell"


@dataclass(frozen=True)
class Recommendation:
    """For one network with one weights: `best` is the cheapest that keeps `share` of FP32's Top-1, None where none does for
    certain; `open` is the cheapest that may, where it is cheaper than that. `sentence` says it to a person. `others` are all
    that were asked about and are neither, in the table's order.
    """

    network: str
    weights: str
    share: float
    best: Candidate | None
    open: Candidate | None
    sentence: str
    others: tuple[Candidate, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """One for each of the others: "INT8 keeps 99 %: here it has 99.62 % of FP32's Top-1, in 1.04 MB."."""
        return tuple(_line(one, self.share) for one in self.others)


def recommend(found: Table, share: float = THRESHOLDS[0]) -> list[Recommendation]:
    """One for each network with each weights. Raises RequestError for a share that is not above 0 and at most 1.

    The questions are corrected together with the table's own, so that for 99 % and 99.9 % the verdicts are the table's.
    """
    if not 0 < share <= 1:
        raise RequestError(f"A share of {share:g} cannot be kept.", "Give one above 0 and at most 1, such as 0.99.")
    asked = tuple(dict.fromkeys((*THRESHOLDS, share)))
    pairs = {number: one.pairs for number, one in enumerate(found.details) if one.pairs and one.pairs.total}
    judged = dict(zip(pairs, verdicts(list(pairs.values()), asked), strict=True))
    keeps = {number: one[asked.index(share)] for number, one in judged.items()}
    candidates = list(_candidates(found, pairs, keeps, share, 2 * len(asked) * len(pairs)))
    return [_recommendation(own, _of(own, candidates), share) for own in found.by_network]


def pictures_needed(pairs: Pairs, share: float, questions: int) -> int | None:
    """How many pictures with the same shares of gained and lost would tell whether `share` is kept, among `questions`.

    The score z grows with the square root of the pictures: it must reach the normal quantile of 5 % by the questions, which is
    enough whatever the other answers are (Bonferroni). 1,000 pictures right in both: z(0.999) is 1.0005, one question asks for
    1.6449, so 2,703 pictures. None where z is 0.
    """
    z = z_score(pairs, share)
    needed = float(norm.isf(ERROR / questions))
    return math.ceil(pairs.total * (needed / z) ** 2) if z else None


def _candidates(
    found: Table, pairs: Mapping[int, Pairs], keeps: Mapping[int, Verdict], share: float, questions: int
) -> Iterator[Candidate]:
    for number, counts in pairs.items():
        row = found.rows[number]
        if row.format != BASELINE:
            needed = pictures_needed(counts, share, questions) if keeps[number] == "undecided" else None
            more = None if needed is None else needed - counts.total
            yield Candidate(row, found.details[number], keeps[number], more)


def _of(own: Table, candidates: list[Candidate]) -> list[Candidate]:
    owner = own.details[0].record
    records = ((one, one.detail.record) for one in candidates)
    return [one for one, record in records if (record.network, record.weights) == (owner.network, owner.weights)]


def _recommendation(own: Table, candidates: list[Candidate], share: float) -> Recommendation:
    by_cost = sorted(candidates, key=lambda one: one.cost)
    best = next((one for one in by_cost if one.keeps == "yes"), None)
    open = next((one for one in by_cost if one.keeps == "undecided"), None)
    if best is not None and open is not None and open.cost > best.cost:
        open = None
    first = own.rows[0]
    sentence = f"{architecture(first.network).title}: {_sentence(own, candidates, best, open, share)}"
    others = tuple(one for one in candidates if one not in (best, open) and one.detail.ratio is not None)
    return Recommendation(first.network, first.weights, share, best, open, sentence, others)


def _line(one: Candidate, share: float) -> str:
    kept = f"{100 * share:g} %"
    here = f"here it has {100 * one.ratio:.2f} % of FP32's Top-1, in {one.detail.record.weight_bytes / 1e6:.2f} MB"
    if one.keeps == "undecided":
        likely = "it may" if one.ratio >= share else "more likely not"
        return f"{one.row.title} is undecided for {kept}, {likely}: {here}; {one.told_by}."
    return f"{one.row.title} {'keeps' if one.keeps == 'yes' else 'does not keep'} {kept}: {here}."


def _sentence(
    own: Table, candidates: list[Candidate], best: Candidate | None, open: Candidate | None, share: float
) -> str:
    fp32 = _row(own, BASELINE, "raw")
    if fp32 is None or not fp32.top1:
        return "nothing to recommend, since FP32 has no right answers to compare with."
    kept = f"{100 * share:g} % of FP32's Top-1"
    if best is not None:
        return " ".join(filter(None, [_best(own, best, fp32, kept), _gain(own, best, fp32), _maybe(open, kept, share)]))
    if open is not None:
        return f"not to be told yet. {_maybe(open, kept, share)}"
    if not candidates:
        if any(row.format != BASELINE for row in own.rows):  # others were asked for
            return "nothing to recommend yet, since FP32 alone has answers so far."
        return "nothing to recommend, since FP32 alone was run."
    return f"keep FP32. No format here keeps {kept} of {fp32.top1:.2f} %."


def _best(own: Table, best: Candidate, fp32: Row, kept: str) -> str:
    size = best.detail.record.weight_bytes
    part = 100 * size / own.details[own.rows.index(fp32)].record.weight_bytes
    return (
        f"{best.row.title} keeps {kept} ({best.row.top1:.2f} % against {fp32.top1:.2f} %) "
        f"in {size / 1e6:.2f} MB, {part:.1f} % of FP32's weights."
    )


def _gain(own: Table, best: Candidate, fp32: Row) -> str:
    """What of a retraining's gain came from more training, which FP32 had as well.

    Empty where FP32 gained nothing, or where the format was not run before its retraining.
    """
    control, raw = _row(own, BASELINE, "retrain"), _row(own, best.row.format, "raw")
    if best.row.regime == "raw" or raw is None or control is None or (control.top1 or 0.0) <= (fp32.top1 or 0.0):
        return ""
    gained, alike = (best.row.top1 or 0.0) - (raw.top1 or 0.0), (control.top1 or 0.0) - (fp32.top1 or 0.0)
    differs = budgets.notes([best.detail.record, own.details[own.rows.index(control)].record])
    return (
        f"Retraining moved it by {gained:+.2f} points; FP32 fine-tuned with {'another' if differs else 'the same'} budget "
        f"gained {alike:.2f} points too, which is no merit of the format."
    )


def _maybe(open: Candidate | None, kept: str, share: float) -> str:
    if open is None:
        return ""
    if open.ratio >= share:
        return f"{open.row.title} is the cheapest that may keep {kept}: {open.told_by}."
    here = f"{100 * open.ratio:.2f} % here"
    return (
        f"{open.row.title} is the cheapest that is not ruled out, but more likely loses more ({here}): {open.told_by}."
    )


def _rounded(count: int) -> int:
    """Up to two digits that count: 3,412 is 3,500."""
    unit = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // unit) * unit


def _row(own: Table, format: str, regime: str) -> Row | None:
    return next((row for row in own.rows if (row.format, row.regime) == (format, regime)), None)
