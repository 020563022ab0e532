from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from core.compare.evaluate import Accuracy, Batch, evaluate
from core.errors import RangeError, WeightsError
from core.quantization.prepare import Executable
from core.variant import Variant

VARIANT = Variant("squeezenet", "photos", "fixed8")
CLASSES, EACH = 20, 3


def _executable(outputs: Callable[[Tensor], tuple[Tensor, ...]]) -> Executable:
    return Executable(outputs, "reference", "emulated", 1, ("softmax",), "by hand")


def _balanced(boxes: Tensor | None = None) -> list[Batch]:
    """Each class three times, in batches of seven; a picture's first value is its label."""
    labels = torch.arange(CLASSES).repeat(EACH)
    pictures = labels.float().view(-1, 1, 1, 1).expand(-1, 3, 2, 2)
    boxes = torch.tensor([[0.0, 0.0, 0.5, 1.0]]).expand(len(labels), 4) if boxes is None else boxes
    return list(zip(pictures.split(7), labels.split(7), boxes.split(7), strict=True))


def _run(outputs: Callable[[Tensor], tuple[Tensor, ...]], batches: list[Batch]) -> Accuracy:
    return evaluate(VARIANT, _executable(outputs), batches, lambda right: None)


def test_constant_scores_on_a_balanced_set_are_chance() -> None:
    found = _run(lambda x: (torch.zeros(len(x), CLASSES),), _balanced())
    assert (found.top1, found.top5) == (100 / CLASSES, 500 / CLASSES)
    assert found.images == CLASSES * EACH


def test_hits_are_counted_by_rank() -> None:
    def outputs(x: Tensor) -> tuple[Tensor, ...]:
        """The true class is first for classes 0 to 4, third for 5 to 9, sixth for the others."""
        label = x[:, 0, 0, 0].long()
        rank = torch.where(label < 5, 0, torch.where(label < 10, 2, 5))
        scores = torch.zeros(len(x), CLASSES)
        for row, (true, above) in enumerate(zip(label.tolist(), rank.tolist(), strict=True)):
            others = [index for index in range(CLASSES) if index != true][:above]
            scores[row, true] = 1.0
            scores[row, others] = 2.0
        return (scores,)

    found = _run(outputs, _balanced())
    assert (found.top1, found.top5, found.iou) == (25.0, 50.0, None)


def test_the_boxes_mean_overlap() -> None:
    """True left halves: found as the left half, as the whole, as the right half, and as the left half inside out."""
    answers = torch.tensor([[0.0, 0.0, 0.5, 1.0], [-1.0, 0.0, 1.0, 2.0], [0.5, 0.0, 1.0, 1.0], [0.5, 1.0, 0.0, 0.0]])
    boxes = torch.tensor([[0.0, 0.0, 0.5, 1.0]]).expand(4, 4)
    batch = (torch.zeros(4, 3, 2, 2), torch.zeros(4, dtype=torch.long), boxes)
    found = _run(lambda x: (torch.zeros(4, CLASSES), answers.double()), [batch])
    assert found.iou == pytest.approx((1 + 0.5 + 0 + 1) / 4)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
@pytest.mark.parametrize("place", [0, 1])
def test_outputs_that_are_no_numbers_are_not_counted(value: float, place: int) -> None:
    """The scores, or the boxes, of the pictures of one class of twenty."""

    def outputs(x: Tensor) -> tuple[Tensor, ...]:
        found = (torch.zeros(len(x), CLASSES), torch.zeros(len(x), 4))
        found[place][x[:, 0, 0, 0] == 3] = value
        return found

    half = Variant("squeezenet", "photos", "fp16")
    with pytest.raises(RangeError, match="too large for FP16: its (scores|box corners) are no numbers"):
        evaluate(half, _executable(outputs), _balanced(), lambda right: None)
    with pytest.raises(WeightsError, match="are no numbers, in FIXED-8 as in any format"):
        _run(outputs, _balanced())


def test_progress_and_the_record() -> None:
    sizes: list[int] = []
    outputs = _executable(lambda x: (torch.zeros(len(x), CLASSES), torch.zeros(len(x), 4)))
    found = evaluate(VARIANT, outputs, _balanced(), lambda right: sizes.append(len(right)))
    assert sizes == [7] * 8 + [4]
    row = found.as_dict()
    assert (row["network"], row["weights"], row["format"], row["regime"]) == ("squeezenet", "photos", "fixed8", "raw")
    assert (row["engine"], row["arithmetic"], row["calibrated"]) == ("reference", "emulated", "by hand")
    assert row["iou"] == 0
