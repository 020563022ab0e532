"""What can be known to be wrong with a plan before it becomes a job, and what has to be fine-tuned first."""

from __future__ import annotations

from collections.abc import Iterable

from core.datasets.matching import match
from core.datasets.picture_set import PictureSet
from core.errors import RequestError
from core.models.catalog import architecture
from core.models.labels import labels, synsets
from core.models.regimes import divided, regime_of
from core.models.weights import labels_of
from core.sweeps.plan import Plan
from core.training import material
from core.variant import Variant


def check(plan: Plan, data: PictureSet) -> None:
    """For whoever begins a job, with the plan's data opened. Reads no picture and loads no network.

    Raises DataError where a network knows none of the set's classes; RequestError where RE-TRAIN is asked for and has neither
    weights nor what to train them on, or where weights are retrained ones themselves; WeightsError for a file of no network.
    """
    for weights in plan.weights:
        if regime_of(weights) == "retrain":
            raise RequestError(
                f"{weights} was retrained already, and a sweep compares with what it was retrained from.",
                "Name the weights that it was retrained from, and ask for the regime retrain.",
            )
    check_classes(data, plan.weights)
    missing(plan, data)


def check_classes(data: PictureSet, weights: Iterable[str]) -> None:
    """Raises DataError where networks with some of these weights know none of the set's classes."""
    for kind in map(labels_of, weights):
        match(data.classes, data.synsets, labels(kind), synsets(kind))


def missing(plan: Plan, data: PictureSet) -> list[tuple[Variant, str]]:
    """The variants that must be fine-tuned first, each with the set that does it: the one its weights are trained on.

    Raises RequestError where that is not at hand.
    """
    if not plan.retrains:
        return []
    _, absent = divided(plan.variants)
    sets = {
        weights: material.own_set(labels_of(weights), plan.data, data) for weights in {one.weights for one in absent}
    }
    without = [one for one in absent if sets[one.weights] is None]
    if without:
        names = ", ".join(f"{architecture(one.network).title} {one.number_format.title}" for one in without)
        raise RequestError(
            f"These have not been retrained, and what the {without[0].weights_name} weights are trained on is not at hand: "
            f"{names}.",
            f"Sweep over it, or make each first, such as: python -m core retrain --network {without[0].network} --weights "
            f"{without[0].weights_name} --format {without[0].format} --data SET.",
        )
    return [(one, str(sets[one.weights])) for one in absent]
