"""Carry a job of layers out: each layer alone, then the search, then its front on the pictures that chose nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from core.serving.networks import Networks
from core.sweeps.carry_out import threads
from core.sweeps.layers.begin import Begun, Sets, begin
from core.sweeps.layers.plan import LayersPlan
from core.sweeps.layers.score import points, score
from core.sweeps.layers.search import greedy
from core.sweeps.layers.store import LayersStore
from core.sweeps.layers.subject import BASE
from core.sweeps.layers.trying import Trying

SENSITIVITY, SEARCH = 0.3, 0.8  # of the work is done when these are


def carry_out(
    plan: LayersPlan,
    store: LayersStore,
    sets: Sets,
    networks: Networks,
    check: Callable[[], None] = lambda: None,
    report: Callable[[float], None] = lambda share: None,
) -> None:
    """Find what of `plan` is not in `store` yet.

    `report` is told the share that is done, 0 to 1; `check` is called after each measurement and may raise. So may anything,
    or the process may be killed: what was measured is not measured again, and in the end all is the same.
    """
    begun = begin(plan, store, sets, networks)

    def tell(share: float) -> None:
        report(share)
        check()

    with threads(begun.conditions.threads):
        trying = Trying(begun, store, tell)
        _sensitivity(begun, trying)
        _search(begun, trying, store)
        if not store.found("points"):
            found = points(begun, store.path())
            store.record("points", {f"{number:04d}": asdict(point) for number, point in enumerate(found)}, SEARCH)
        score(begun, store, SEARCH, tell)


def _sensitivity(begun: Begun, trying: Trying) -> None:
    """The baseline first."""
    wanted = [(None, 0), *((place, bits) for place in range(len(begun.subject.layers)) for bits in begun.plan.bits)]
    for done, (place, bits) in enumerate(wanted, 1):
        trying.alone(place, bits, SENSITIVITY * done / len(wanted))


def _search(begun: Begun, trying: Trying, store: LayersStore) -> None:
    layers = begun.subject.layers
    start = (BASE.weight_bits,) * len(layers)
    most = sum(start) - 2 * len(layers)
    sizes = [layer.weights for layer in layers]

    def share(bits: tuple[int, ...]) -> float:
        return SENSITIVITY + (SEARCH - SENSITIVITY) * (sum(start) - sum(bits)) / max(1, most)

    steps = greedy(start, sizes, lambda bits, at: trying.mixed(bits, at, share(at)))
    for number, step in enumerate(steps):
        store.record("path", {f"{number:04d}": asdict(step)}, share(step.bits))
