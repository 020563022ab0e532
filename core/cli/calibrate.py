"""`python -m core calibrate`: calibration statistics and searched fractional lengths, shipped or for other weights."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from core.cli.choices import positive
from core.datasets.labelled import Batch, Labelled
from core.errors import RequestError
from core.formats import NARROWEST, WIDEST, NumberFormat, number_format
from core.models import cards
from core.models.catalog import ARCHITECTURES
from core.models.weights import LoadedNetwork, load_network
from core.quantization.calibration import search_and_keep, statistics_for, with_search
from core.quantization.fixed_point import Lengths
from core.quantization.graph import Graph, fold, trace
from core.quantization.statistics import Statistics, batches_of, collect
from core.training.sources import SOURCES

PICTURES, SEARCH_PICTURES = 1024, 128


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", required=True, choices=list(ARCHITECTURES))
    parser.add_argument("--weights", default="photos")
    parser.add_argument(
        "--ship", action="store_true", help="write the file that ships, from what the weights learnt on"
    )
    parser.add_argument("--data", type=Path, help="folder of Tiny ImageNet: as --ship, for the photos weights")
    parser.add_argument("--format", default="fixed8", help="without --ship: the FIXED-N to search for")
    parser.add_argument(
        "--bits", type=_widths, default=range(NARROWEST, WIDEST + 1), help="with --ship: the widths to search (2-16)"
    )
    parser.add_argument("--budget", type=float, default=120.0, help="seconds for each search; the best so far is kept")
    parser.add_argument("--threads", type=positive, default=None)
    parser.add_argument("--progress", type=Path, help="a file that receives the share done, 0 to 1")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    if args.threads:
        torch.set_num_threads(args.threads)
    ships = args.ship or args.data is not None
    if ships and args.weights not in SOURCES:
        raise RequestError(
            f"--ship and --data calibrate weights that ship: {' or '.join(SOURCES)}.", "Leave both out for others."
        )
    format = number_format(args.format)
    if format.kind != "fixed":
        raise RequestError(
            f"{format.title} has no fractional lengths to search for.", "Choose a format such as fixed8."
        )
    loaded = load_network(args.network, args.weights)
    graph = trace(fold(loaded.module), loaded.preprocessing.side)
    if not ships:
        _check_needed(loaded, graph, format)
    with _Progress(args.progress) as progress:
        if ships:
            _ship(args, loaded, graph, progress)
        else:
            search_and_keep(loaded, graph, format, args.budget, progress.show)


def _check_needed(loaded: LoadedNetwork, graph: Graph, format: NumberFormat) -> None:
    """Raises RequestError for weights that come with their lengths, shipped or retrained: those would be used all the same."""
    bits = (format.weight_bits, format.activation_bits)
    shipped = loaded.calibration is not None and statistics_for(loaded, graph).composed(*bits) is not None
    if shipped or loaded.retrained is not None:
        raise RequestError(
            f"The {loaded.weights} weights of {loaded.network} come with the lengths of {format.title}.",
            "Nothing needs to be searched; with --ship, what ships is made anew.",
        )


def _widths(text: str) -> range:
    """`2-16` as 2 to 16, both included. Raises RequestError."""
    match = re.fullmatch(r"(\d+)-(\d+)", text)
    if not match or not NARROWEST <= int(match[1]) <= int(match[2]) <= WIDEST:
        raise RequestError(f"{text} is no range of widths.", f"Give one within {NARROWEST}-{WIDEST}, such as 8-8.")
    return range(int(match[1]), int(match[2]) + 1)


def _ship(args: argparse.Namespace, loaded: LoadedNetwork, graph: Graph, progress: _Progress) -> None:
    """Histograms over training pictures; searches over held-back ones, from the widest on. Written after every width."""
    data = SOURCES[args.weights].training(args.data)
    choose = np.random.default_rng(0)
    calibration, searched = _some(choose, data.train, PICTURES), _some(choose, data.held_back, SEARCH_PICTURES)
    statistics = Statistics(
        collect(graph, batches_of(loaded.preprocessing.normalise(calibration.images))),
        f"{PICTURES} training pictures of {data.title}",
        loaded.fingerprint,
        _other_widths(loaded, args.bits),
        searched_on=f"{SEARCH_PICTURES} held-back training pictures of {data.title}",
    )
    probe = loaded.preprocessing.normalise(searched.images)
    target = cards.calibration_file(cards.weights_file(args.network, args.weights))
    for bits in reversed(args.bits):
        statistics = with_search(statistics, graph, bits, probe, args.budget, progress.show)
        statistics.save(target)


def _some(choose: np.random.Generator, pictures: Labelled, count: int) -> Batch:
    return pictures.take(np.sort(choose.choice(len(pictures), count, False)))


def _other_widths(loaded: LoadedNetwork, widths: range) -> dict[int, Lengths]:
    """The lengths that ship for widths that are not searched now, if they are of these weights."""
    if loaded.calibration is None:
        return {}
    shipped = Statistics.load(loaded.calibration)
    same = shipped.weights_sha256 == loaded.fingerprint
    return {bits: lengths for bits, lengths in shipped.lengths.items() if same and bits not in widths}


class _Progress:
    """A bar for people, and a small file for the page that started this process."""

    def __init__(self, file: Path | None) -> None:
        self.file = file

    def __enter__(self) -> _Progress:
        self.bar = tqdm(total=100, unit="%", mininterval=1, bar_format="{desc}{percentage:3.0f}%|{bar}|")
        return self

    def show(self, share: float) -> None:
        self.bar.n = round(100 * share)
        self.bar.refresh()
        if self.file is not None:
            self.file.write_text(f"{share:.3f}")

    def __exit__(self, *_: object) -> None:
        self.bar.close()
