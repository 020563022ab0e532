"""Answers written by hand, for the tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence

from core.compare.records import Answer, Box, Guess
from core.variant import Variant

LABELS = ("tabby", "Persian cat", "lynx", "fox", "owl", "teapot", "bus", "pier")


def answer(
    number_format: str,
    probabilities: Sequence[float],
    *,
    network: str = "squeezenet",
    image: str = "cat.png",
    regime: str = "raw",
    box: Box | None = None,
    count: int = 5,
    milliseconds: float | None = None,
    weight_bytes: int = 1000,
) -> Answer:
    """An answer whose guesses follow from the scores of LABELS: score descending, then class index."""
    order = sorted(range(len(probabilities)), key=lambda index: (-probabilities[index], index))[:count]
    return Answer(
        image=image,
        variant=Variant(network, "photos", number_format, regime),
        engine="reference",
        arithmetic="emulated" if milliseconds is None else "native",
        device="cpu",
        milliseconds=milliseconds,
        elapsed_ms=12.34567,
        weight_bytes=weight_bytes,
        box=box,
        top=tuple(Guess(rank, index, LABELS[index], probabilities[index]) for rank, index in enumerate(order, start=1)),
        probabilities=tuple(probabilities),
        floats=("softmax",),
    )


FP32 = answer("fp32", (0.71, 0.12, 0.08, 0.04, 0.03, 0.01, 0.006, 0.004))
