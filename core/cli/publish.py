"""`python -m core publish`: turn a training's checkpoint into the weights that ship, with their card."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from core import settings
from core.cli.choices import positive
from core.datasets import tiny_imagenet
from core.models import cards
from core.models.catalog import ARCHITECTURES
from core.training.publish import publish


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", required=True, choices=list(ARCHITECTURES))
    parser.add_argument("--checkpoint", type=Path, required=True, help="the .pt file that `train photos` writes")
    parser.add_argument("--data", type=Path, required=True, help="folder of Tiny ImageNet (official layout or parquet)")
    parser.add_argument("--output", type=Path, default=None, help="the .safetensors file to write; default: in assets")
    parser.add_argument("--threads", type=positive, default=1)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    target = args.output or cards.weights_file(args.network)
    validation = tiny_imagenet.load(args.data, "val", settings.cache_folder())
    card = publish(args.network, args.checkpoint, validation, target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB after {card['epochs']} epochs")
    print(f"Top-1 {card['top1']:.2f} %, Top-5 {card['top5']:.2f} %, box IoU {card['iou']:.2f} on {card['scored_on']}")
