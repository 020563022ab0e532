"""`python -m core train photos`, `... train signs`: train a compact network as the shipped ones were."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from core import settings
from core.cli.choices import positive
from core.models.catalog import ARCHITECTURES, architecture
from core.models.weights import WEIGHTS
from core.training.recipe import Recipe, parse_stages
from core.training.run import Progress, start, train
from core.training.sources import SOURCES


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=list(SOURCES))
    parser.add_argument("--network", required=True, choices=list(ARCHITECTURES))
    parser.add_argument("--data", type=Path, help="for photos: folder of Tiny ImageNet (official layout or parquet)")
    parser.add_argument("--output", type=Path, default=None, help="folder for the checkpoint and the weights")
    parser.add_argument("--stages", type=parse_stages, default=None, help="epochs x side, such as 8x32,3x48,2x64")
    parser.add_argument("--weight-decay", type=float, default=None, help="of kernels and matrices (0.1)")
    parser.add_argument("--seed", type=int, default=Recipe().seed)
    parser.add_argument("--threads", type=positive, default=1)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    output = args.output or settings.cache_folder() / "training"
    recipe = recipe_of(args)
    torch.manual_seed(args.seed)
    training = start(architecture(args.network).builder(WEIGHTS[args.what].kind)(), recipe)
    checkpoint = output / f"{args.what}-{args.network}.pt"
    if checkpoint.exists():
        training.load(checkpoint)
    data = SOURCES[args.what].training(args.data)
    with _Bar() as bar:
        train(training, data.train, data.held_back, checkpoint, bar.show)
    checkpoint.with_suffix(".json").write_text(json.dumps(training.history, indent=1))


def recipe_of(args: argparse.Namespace) -> Recipe:
    """The set's own recipe, with what the options say otherwise."""
    recipe = replace(SOURCES[args.what].recipe, seed=args.seed)
    recipe = replace(recipe, stages=args.stages) if args.stages else recipe
    return recipe if args.weight_decay is None else replace(recipe, weight_decay=args.weight_decay)


class _Bar:
    """A tqdm bar that starts where a resumed run stands."""

    def __enter__(self) -> _Bar:
        self.bar = tqdm(unit="step", dynamic_ncols=True, mininterval=10)
        return self

    def show(self, progress: Progress) -> None:
        self.bar.total = progress.steps
        if not self.bar.n:
            self.bar.initial = self.bar.n = progress.step - 1
        self.bar.set_postfix(epoch=progress.epoch + 1, loss=f"{progress.loss:.3f}", refresh=False)
        self.bar.update(progress.step - self.bar.n)

    def __exit__(self, *_: object) -> None:
        self.bar.close()
