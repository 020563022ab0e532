"""`python -m core train photos`: train a compact network on Tiny ImageNet."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from tqdm import tqdm

from core import settings
from core.cli.choices import positive
from core.datasets import tiny_imagenet
from core.models.catalog import ARCHITECTURES, architecture
from core.training import photos
from core.training.recipe import Recipe, parse_stages


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["photos"])
    parser.add_argument("--network", required=True, choices=list(ARCHITECTURES))
    parser.add_argument("--data", type=Path, required=True, help="folder of Tiny ImageNet (official layout or parquet)")
    parser.add_argument("--output", type=Path, default=None, help="folder for the checkpoint and the weights")
    parser.add_argument(
        "--stages", type=parse_stages, default=Recipe().stages, help="epochs x side, such as 8x32,3x48,2x64"
    )
    parser.add_argument(
        "--weight-decay", type=float, default=Recipe().weight_decay, help="of kernels and matrices (0.1)"
    )
    parser.add_argument("--seed", type=int, default=Recipe().seed)
    parser.add_argument("--threads", type=positive, default=1)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    output = args.output or settings.cache_folder() / "training"
    recipe = recipe_of(args)
    torch.manual_seed(args.seed)
    training = photos.start(architecture(args.network).builder("compact")(), recipe)
    checkpoint = output / f"photos-{args.network}.pt"
    if checkpoint.exists():
        training.load(checkpoint)
    whole = tiny_imagenet.load(args.data, "train", settings.cache_folder())
    kept, held_back = tiny_imagenet.hold_back(len(whole))
    with _Bar() as bar:
        photos.train(training, whole.take(kept), whole.take(held_back), checkpoint, bar.show)
    (output / f"photos-{args.network}.json").write_text(json.dumps(training.history, indent=1))


def recipe_of(args: argparse.Namespace) -> Recipe:
    return Recipe(stages=args.stages, weight_decay=args.weight_decay, seed=args.seed)


class _Bar:
    """A tqdm bar that starts where a resumed run stands."""

    def __enter__(self) -> _Bar:
        self.bar = tqdm(unit="step", dynamic_ncols=True, mininterval=10)
        return self

    def show(self, progress: photos.Progress) -> None:
        self.bar.total = progress.steps
        if not self.bar.n:
            self.bar.initial = self.bar.n = progress.step - 1
        self.bar.set_postfix(epoch=progress.epoch + 1, loss=f"{progress.loss:.3f}", refresh=False)
        self.bar.update(progress.step - self.bar.n)

    def __exit__(self, *_: object) -> None:
        self.bar.close()
