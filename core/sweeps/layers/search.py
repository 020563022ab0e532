"""The greedy search for a mixed assignment: narrow the layer that costs least for each byte saved, again and again.

The cost is measured: the Kullback-Leibler divergence from FP32's answers of the very program, on pictures kept for choosing.
Each assignment on the way is one compromise between accuracy and memory, as on the Pareto frontier of HAWQ-V2 (Dong et al.,
NeurIPS 2020), which adds up one estimate for each layer instead. To measure every layer at every step would take minutes, so
the search is lazy (Minoux, "Accelerated greedy algorithms", 1978): the price of a layer is measured anew only when it is the
lowest known, and the layer is narrowed if it is still the lowest then. Where prices only rise as other layers are narrowed,
the outcome is that of the full search.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from core.formats import NARROWEST
from core.sweeps.layers.records import Bits, Step

WORTHLESS = 50.0  # percent of the pictures with FP32's first answer
POINTS = 16

Measure = Callable[[Bits, Bits], Step]
"""Measures an assignment; the second is the one that the search stands at, from which the first is one layer away."""


def greedy(start: Bits, weights: Sequence[int], measure: Measure) -> Iterator[Step]:
    """The steps from `start`, itself included, until every layer has 2 bits or fewer than half of the answers are FP32's.

    `weights` are counts by layer: one bit less of 8,000 weights saves 1,000 bytes; if it costs 0.002 nats, its price is
    0.000002 nats a byte. Equal prices go by the order of the layers.
    """
    here = measure(start, start)
    yield here

    def price(layer: int) -> float:
        return (measure(_narrowed(here.bits, layer), here.bits).divergence - here.divergence) * 8 / weights[layer]

    waiting = [(price(layer), layer) for layer, bits in enumerate(start) if bits > NARROWEST]
    heapq.heapify(waiting)
    while waiting:
        layer = heapq.heappop(waiting)[1]
        now = (price(layer), layer)
        if waiting and now > waiting[0]:
            heapq.heappush(waiting, now)
            continue
        here = measure(_narrowed(here.bits, layer), here.bits)
        if here.agreement < WORTHLESS:
            return
        yield here
        if here.bits[layer] > NARROWEST:
            heapq.heappush(waiting, (price(layer), layer))


def _narrowed(bits: Bits, layer: int) -> Bits:
    return (*bits[:layer], bits[layer] - 1, *bits[layer + 1 :])


def thinned(path: Sequence[Step], most: int = POINTS) -> list[Step]:
    """At most so many steps behind the first: none that a later one beats in memory and cost, evenly spaced in memory."""
    kept = list[Step]()
    for step in reversed(path[1:]):
        if not kept or step.divergence < kept[0].divergence:
            kept.insert(0, step)
    if len(kept) <= most:
        return kept
    sizes = np.array([step.weight_bytes for step in kept])
    wanted = np.linspace(sizes[0], sizes[-1], most)
    return [kept[place] for place in dict.fromkeys(int(np.abs(sizes - size).argmin()) for size in wanted)]
