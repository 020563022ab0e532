"""Pictures in batches: each decoded once, cut and normalised once for all networks that want it alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from torch import Tensor

from core import settings
from core.datasets.picture_set import PictureSet
from core.datasets.survey import Unreadable, pictures
from core.images.crop import middle
from core.models.preprocessing import Preprocessing
from core.quantization.graph import Graph, Node

MOST = 100
VALUE_BYTES = 8  # the reference engine's: float64

Made = TypeVar("Made")


@dataclass(frozen=True)
class Batch:
    """`pictures` are the numbers of those that could be read, `skipped` are the others.

    `inputs` has for every preprocessing the pictures [n, 3, side, side].
    """

    number: int
    pictures: tuple[int, ...]
    skipped: tuple[Unreadable, ...]
    inputs: dict[Preprocessing, Tensor] = field(repr=False)


def batch_size(graphs: Iterable[Graph]) -> int:
    """As many pictures as the hungriest of the networks takes within `settings.batch_bytes`; from 1 to MOST.

    The compact SqueezeNet holds 1.29 million values for a picture, 10.3 MB: 512 MB take 49 pictures.
    """
    hungriest = max(_values(graph) for graph in graphs)
    return min(MOST, max(1, settings.batch_bytes() // (hungriest * VALUE_BYTES)))


def _values(graph: Graph) -> int:
    """Of one picture: every layer's output, and the largest convolution's input unrolled, as torch does it in float64."""
    return sum(math.prod(node.shape) for node in graph.nodes) + max(_unrolled(node) for node in graph.nodes)


def _unrolled(node: Node) -> int:
    """A 3 x 3 convolution of 64 channels to 32 x 32 pixels: 9 * 64 * 1,024 values."""
    if node.kind != "conv2d" or node.weight is None:
        return 0
    return node.groups * math.prod(node.weight.shape[1:]) * math.prod(node.shape[1:])


def prepare(data: PictureSet, number: int, indices: Sequence[int], wanted: Iterable[Preprocessing]) -> Batch:
    """Read the pictures `indices` and bring them into every form that is wanted; what cannot be read is left out."""
    wanted = list(dict.fromkeys(wanted))
    squares: dict[tuple[int, float], list[np.ndarray]] = {(one.side, one.fraction): [] for one in wanted}
    readable, skipped = [], []
    for index, image in pictures(data, indices):
        if isinstance(image, Unreadable):
            skipped.append(image)
            continue
        readable.append(index)
        for (side, fraction), found in squares.items():
            found.append(middle(image, side, fraction))
    inputs = {one: one.normalise(np.stack(squares[one.side, one.fraction])) for one in wanted} if readable else {}
    return Batch(number, tuple(readable), tuple(skipped), inputs)


def ahead(makers: Iterable[Callable[[], Made]]) -> Iterator[Made]:
    """What each maker makes, in order; the next is made in a thread while the caller works on this one."""
    with ThreadPoolExecutor(1, thread_name_prefix="bitlens-pictures") as pool:
        waiting = None
        for make in makers:
            following = pool.submit(make)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
