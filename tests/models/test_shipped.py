"""What must be true of the weights that ship, whichever training they come from."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import pytest

from core.cli import train
from core.datasets.signs.factors import EDGES
from core.formats import NARROWEST, WIDEST
from core.models import cards
from core.models.catalog import ARCHITECTURES
from core.models.kinds import KINDS
from core.models.weights import WEIGHTS, LoadedNetwork, load_network
from core.quantization.fixed_point import Lengths
from core.quantization.graph import Graph, fold, trace
from core.quantization.groups import scale_groups
from core.quantization.statistics import Statistics
from core.training.recipe import Recipe
from core.training.sources import SOURCES

PICTURES = 512
SHIPPED = [(weights, network) for weights in SOURCES for network in ARCHITECTURES]
LEAST_TOP5 = {("photos", "vgg16"): 72.0, ("photos", "googlenet"): 74.5, ("photos", "squeezenet"): 68}
SCORED = {
    "photos": "10,000 validation pictures of Tiny ImageNet, in FP32",
    "signs": "10,000 test crops of the Signs set, seed 0, in FP32",
}
LICENCE = {"photos": "non-commercial", "signs": "MIT"}


def _present(weights: str, network: str) -> Path:
    path = cards.weights_file(network, weights)
    if not path.is_file():
        pytest.skip(f"the {weights} weights of {network} are not in this checkout")
    return path


@pytest.fixture(scope="module", params=SHIPPED, ids="-".join)
def loaded(request: pytest.FixtureRequest) -> LoadedNetwork:
    """Its checksum, card, names and shapes are checked on the way."""
    weights, network = request.param
    _present(weights, network)
    return load_network(network, weights)


@pytest.fixture(scope="module")
def graph(loaded: LoadedNetwork) -> Graph:
    return trace(fold(loaded.module), loaded.preprocessing.side)


@pytest.fixture(scope="module")
def statistics(loaded: LoadedNetwork) -> Statistics:
    assert loaded.calibration is not None, "the weights ship without their calibration statistics"
    return Statistics.load(loaded.calibration)


@pytest.mark.parametrize(("weights", "network"), SHIPPED)
def test_a_file_is_small(weights: str, network: str) -> None:
    assert 400_000 < _present(weights, network).stat().st_size <= SOURCES[weights].limit_bytes


def test_the_card_says_what_how_and_how_good(loaded: LoadedNetwork) -> None:
    card = loaded.card
    kind = KINDS[WEIGHTS[loaded.weights].kind]
    assert (card["network"], card["labels"], card["classes"]) == (loaded.network, kind.labels, kind.classes)
    assert card["how"].startswith(f"python -m core train {loaded.weights} --network {loaded.network} ")
    assert card["epochs"] == sum(stage["epochs"] for stage in card["recipe"]["stages"])
    assert card["seconds"] > 0
    assert LICENCE[loaded.weights] in card["licence"]
    assert card["scored_on"] == SCORED[loaded.weights]
    assert 0 < card["top1"] < card["top5"] < 100
    assert 0 < card["iou"] < 1
    assert len(card["commit"]) == 40
    assert card["parameters"] == sum(parameter.numel() for parameter in loaded.module.parameters())


def test_the_command_on_the_card_is_the_recipe(loaded: LoadedNetwork) -> None:
    """Its options say what the recipe says, so that a training can be repeated from the card alone."""
    parser = argparse.ArgumentParser()
    train.configure(parser)
    arguments = loaded.card["how"].removeprefix("python -m core train ").split()
    assert train.recipe_of(parser.parse_args(arguments)) == Recipe.from_dict(loaded.card["recipe"])


def test_the_right_class_is_among_five_as_often_as_it_was(loaded: LoadedNetwork) -> None:
    """New weights must not be worse than those that shipped before."""
    assert loaded.card["top5"] >= LEAST_TOP5.get((loaded.weights, loaded.network), 0)


def test_signs_are_neither_too_easy_nor_too_hard(loaded: LoadedNetwork) -> None:
    """Room for a format to lose something, and enough right answers to lose."""
    if loaded.weights != "signs":
        pytest.skip("not of the Signs set")
    assert 85 <= loaded.card["top1"] <= 97
    assert loaded.card["factors"].keys() == EDGES.keys()
    for groups in loaded.card["factors"].values():
        assert sum(one["pictures"] for one in groups.values()) == 10_000
        assert sum(one["pictures"] * one["top1"] for one in groups.values()) / 10_000 == pytest.approx(
            loaded.card["top1"], abs=0.01
        )


def test_the_network_answers_its_classes_with_a_box(loaded: LoadedNetwork, graph: Graph) -> None:
    classes = loaded.card["classes"]
    assert len(loaded.labels) == len(set(loaded.labels)) == classes
    assert loaded.has_box
    assert [graph[name].shape for name in graph.outputs] == [(classes,), (4,)]


def test_the_statistics_are_of_these_very_weights(loaded: LoadedNetwork, statistics: Statistics) -> None:
    assert statistics.weights_sha256 == loaded.fingerprint
    assert loaded.fingerprint == hashlib.sha256(_present(loaded.weights, loaded.network).read_bytes()).hexdigest()


def test_every_scale_group_has_its_range(graph: Graph, statistics: Statistics) -> None:
    assert statistics.ranges.keys() == set(scale_groups(graph).values())
    assert int(statistics.pictures.split()[0]) >= PICTURES
    entry = statistics.ranges[graph.nodes[0].name]
    assert entry.counts.sum() + entry.zeros >= PICTURES * 3 * 64 * 64
    for group, histogram in statistics.ranges.items():
        assert histogram.low <= 0 < histogram.high, group
        assert histogram.counts.min() >= 0 and histogram.counts.sum() > 0, group


@pytest.mark.parametrize("bits", range(NARROWEST, WIDEST + 1))
def test_every_width_has_its_lengths(graph: Graph, statistics: Statistics, bits: int) -> None:
    lengths = statistics.composed(bits, bits)
    assert isinstance(lengths, Lengths)
    assert lengths.weights.keys() == {node.name for node in graph.weighted}
    assert lengths.activations.keys() == set(scale_groups(graph).values())
    assert all(-8 <= length <= 32 for length in (*lengths.weights.values(), *lengths.activations.values()))


def test_the_search_saw_held_back_pictures(statistics: Statistics) -> None:
    assert "held-back training pictures" in statistics.searched_on
