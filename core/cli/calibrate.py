"""`python -m core calibrate`: calibration statistics and searched fractional lengths, shipped or for other weights."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from core import settings
from core.datasets import tiny_imagenet
from core.errors import RequestError
from core.formats import NARROWEST, WIDEST, number_format
from core.models.catalog import ARCHITECTURES
from core.models.weights import LoadedNetwork, load_network
from core.quantization.calibration import search_and_keep, with_search
from core.quantization.graph import fold, trace
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
        "--bits", default=f"{NARROWEST}-{WIDEST}", help="with --data: the widths to search, such as 2-16"
    )
    parser.add_argument("--budget", type=float, default=120.0, help="seconds for each search; the best so far is kept")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--progress", type=Path, help="a file that receives the share done, 0 to 1")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    if args.threads:
        torch.set_num_threads(args.threads)
    loaded = load_network(args.network, args.weights)
    graph = trace(fold(loaded.module), loaded.preprocessing.side)
    with _Progress(args.progress) as progress:
        if args.data is None:
            search_and_keep(loaded, graph, number_format(args.format), args.budget, progress.show)
            return
        if args.weights != "photos":
            raise RequestError("--data calibrates the photos weights.", "Leave --data out for other weights.")
        _ship(args, loaded, progress)


def _ship(args: argparse.Namespace, loaded: LoadedNetwork, progress: _Progress) -> None:
    """Histograms over training pictures; searches over held-back ones, from the narrowest on. Written after every width."""
    graph = trace(fold(loaded.module), loaded.preprocessing.side)
    whole = tiny_imagenet.load(args.data, "train", settings.cache_folder())
    kept, held_back = tiny_imagenet.hold_back(len(whole))
    choose = np.random.default_rng(0)
    calibration, searched = choose.choice(kept, PICTURES, False), choose.choice(held_back, SEARCH_PICTURES, False)
    pictures = loaded.preprocessing.normalise(whole.images[np.sort(calibration)])
    statistics = Statistics(
        collect(graph, batches_of(pictures)),
        f"{PICTURES} training pictures of Tiny ImageNet",
        searched_on=f"{SEARCH_PICTURES} held-back training pictures of Tiny ImageNet",
    )
    probe = loaded.preprocessing.normalise(whole.images[np.sort(searched)])
    low, high = (int(width) for width in args.bits.split("-"))
    for bits in range(high, low - 1, -1):
        statistics = with_search(statistics, graph, bits, probe, args.budget, progress.show)
        statistics.save(settings.ASSETS / "weights" / f"photos-{args.network}.calibration.json")


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
