"""What must be true of the weights that ship, whichever training they come from."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import pytest

from core.cli import train
from core.formats import NARROWEST, WIDEST
from core.models import cards
from core.models.catalog import ARCHITECTURES
from core.models.weights import LoadedNetwork, load_network
from core.quantization.fixed_point import Lengths
from core.quantization.graph import Graph, fold, trace
from core.quantization.groups import scale_groups
from core.quantization.statistics import Statistics
from core.training.recipe import Recipe

LIMIT_BYTES = 6_000_000
PICTURES = 512
LEAST_TOP5 = {"vgg16": 72.0, "googlenet": 74.5, "squeezenet": 68}


def _present(network: str) -> Path:
    path = cards.weights_file(network)
    if not path.is_file():
        pytest.skip(f"the photos weights of {network} are not in this checkout")
    return path


@pytest.fixture(scope="module", params=ARCHITECTURES)
def loaded(request: pytest.FixtureRequest) -> LoadedNetwork:
    """Its checksum, card, names and shapes are checked on the way."""
    _present(request.param)
    return load_network(request.param, "photos")


@pytest.fixture(scope="module")
def graph(loaded: LoadedNetwork) -> Graph:
    return trace(fold(loaded.module), loaded.preprocessing.side)


@pytest.fixture(scope="module")
def statistics(loaded: LoadedNetwork) -> Statistics:
    assert loaded.calibration is not None, "the weights ship without their calibration statistics"
    return Statistics.load(loaded.calibration)


@pytest.mark.parametrize("network", ARCHITECTURES)
def test_a_file_is_small(network: str) -> None:
    assert 1_000_000 < _present(network).stat().st_size <= LIMIT_BYTES


def test_the_card_says_what_how_and_how_good(loaded: LoadedNetwork) -> None:
    card = loaded.card
    assert (card["network"], card["weights"], card["classes"]) == (loaded.network, "photos", 200)
    assert card["how"].startswith(f"python -m core train photos --network {loaded.network} ")
    assert card["epochs"] == sum(stage["epochs"] for stage in card["recipe"]["stages"])
    assert card["seconds"] > 0
    assert "non-commercial" in card["licence"]
    assert card["scored_on"] == "10,000 validation pictures of Tiny ImageNet, in FP32"
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
    assert loaded.card["top5"] >= LEAST_TOP5[loaded.network]


def test_the_network_answers_200_classes_with_a_box(loaded: LoadedNetwork, graph: Graph) -> None:
    assert len(loaded.labels) == len(set(loaded.labels)) == 200
    assert loaded.has_box
    assert [graph[name].shape for name in graph.outputs] == [(200,), (4,)]


def test_the_statistics_are_of_these_very_weights(loaded: LoadedNetwork, statistics: Statistics) -> None:
    assert statistics.weights_sha256 == loaded.fingerprint
    assert loaded.fingerprint == hashlib.sha256(cards.weights_file(loaded.network).read_bytes()).hexdigest()


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
