"""`python -m core calibrate`: calibration statistics and searched fractional lengths, shipped or for other weights."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from core import settings
from core.cli.choices import positive
from core.datasets import tiny_imagenet
from core.errors import RequestError
from core.formats import NARROWEST, WIDEST, NumberFormat, number_format
from core.models.catalog import ARCHITECTURES
from core.models.weights import LoadedNetwork, load_network
from core.quantization.calibration import search_and_keep, statistics_for, with_search
from core.quantization.fixed_point import Lengths
from core.quantization.graph import Graph, fold, trace
from core.quantization.statistics import Statistics, batches_of, collect

PICTURES, SEARCH_PICTURES = 1024, 128


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", required=True, choices=list(ARCHITECTURES))
    parser.add_argument("--weights", default="photos")
    parser.add_argument(
        "--data", type=Path, help="Tiny ImageNet: calibrate the photos weights and write the file that ships"
    )
    parser.add_argument("--format", default="fixed8", help="without --data: the FIXED-N to search for")
    parser.add_argument(
        "--bits", type=_widths, default=range(NARROWEST, WIDEST + 1), help="with --data: the widths to search (2-16)"
    )
    parser.add_argument("--budget", type=float, default=120.0, help="seconds for each search; the best so far is kept")
    parser.add_argument("--threads", type=positive, default=None)
    parser.add_argument("--progress", type=Path, help="a file that receives the share done, 0 to 1")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.data is not None and args.weights != "photos":
        raise RequestError("--data calibrates the photos weights.", "Leave --data out for other weights.")
    format = number_format(args.format)
    if format.kind != "fixed":
        raise RequestError(
            f"{format.title} has no fractional lengths to search for.", "Choose a format such as fixed8."
        )
    loaded = load_network(args.network, args.weights)
    graph = trace(fold(loaded.module), loaded.preprocessing.side)
    if args.data is None:
        _check_needed(loaded, graph, format)
    with _Progress(args.progress) as progress:
        if args.data is None:
            search_and_keep(loaded, graph, format, args.budget, progress.show)
        else:
            _ship(args, loaded, graph, progress)


def _check_needed(loaded: LoadedNetwork, graph: Graph, format: NumberFormat) -> None:
    """Raises RequestError for weights that come with their lengths, shipped or retrained: those would be used all the same."""
    bits = (format.weight_bits, format.activation_bits)
    shipped = loaded.calibration is not None and statistics_for(loaded, graph).composed(*bits) is not None
    if shipped or loaded.retrained is not None:
        raise RequestError(
            f"The {loaded.weights} weights of {loaded.network} come with the lengths of {format.title}.",
            "Nothing needs to be searched; with --data, what ships is made anew.",
        )


def _widths(text: str) -> range:
    """`2-16` as 2 to 16, both included. Raises RequestError."""
    match = re.fullmatch(r"(\d+)-(\d+)", text)
    if not match or not NARROWEST <= int(match[1]) <= int(match[2]) <= WIDEST:
        raise RequestError(f"{text} is no range of widths.", f"Give one within {NARROWEST}-{WIDEST}, such as 8-8.")
    return range(int(match[1]), int(match[2]) + 1)


def _ship(args: argparse.Namespace, loaded: LoadedNetwork, graph: Graph, progress: _Progress) -> None:
    """Histograms over training pictures; searches over held-back ones, from the widest on. Written after every width."""
    whole = tiny_imagenet.load(args.data, "train", settings.cache_folder())
    kept, held_back = tiny_imagenet.hold_back(len(whole))
    choose = np.random.default_rng(0)
    calibration, searched = choose.choice(kept, PICTURES, False), choose.choice(held_back, SEARCH_PICTURES, False)
    pictures = loaded.preprocessing.normalise(whole.images[np.sort(calibration)])
    statistics = Statistics(
        collect(graph, batches_of(pictures)),
        f"{PICTURES} training pictures of Tiny ImageNet",
        loaded.fingerprint,
        _other_widths(loaded, args.bits),
        searched_on=f"{SEARCH_PICTURES} held-back training pictures of Tiny ImageNet",
    )
    probe = loaded.preprocessing.normalise(whole.images[np.sort(searched)])
    for bits in reversed(args.bits):
        statistics = with_search(statistics, graph, bits, probe, args.budget, progress.show)
        statistics.save(settings.ASSETS / "weights" / f"photos-{args.network}.calibration.json")


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
