"""`python -m core publish`: turn a training's checkpoint into the weights that ship, with their card."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from core.cli.choices import positive
from core.models import cards
from core.models.catalog import ARCHITECTURES
from core.training.publish import publish
from core.training.sources import SOURCES


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", choices=list(SOURCES), default="photos", help="what the network was trained as")
    parser.add_argument("--network", required=True, choices=list(ARCHITECTURES))
    parser.add_argument("--checkpoint", type=Path, required=True, help="the .pt file that `train` writes")
    parser.add_argument("--data", type=Path, help="for photos: folder of Tiny ImageNet (official layout or parquet)")
    parser.add_argument("--output", type=Path, default=None, help="the .safetensors file to write; default: in assets")
    parser.add_argument("--threads", type=positive, default=1)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    target = args.output or cards.weights_file(args.network, args.weights)
    card = publish(args.weights, args.network, args.checkpoint, SOURCES[args.weights].scored(args.data), target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB after {card['epochs']} epochs")
    print(f"Top-1 {card['top1']:.2f} %, Top-5 {card['top5']:.2f} %, box IoU {card['iou']:.2f} on {card['scored_on']}")
