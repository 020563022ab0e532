"""`python -m core evaluate`: Top-1 and Top-5, format by format, over the pictures that shipped weights are scored on."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from core.cli.choices import add_variant_options, positive, variants
from core.compare.evaluate import Accuracy, Batch, evaluate
from core.datasets.tiny_imagenet import Split
from core.environment import environment
from core.errors import RequestError
from core.files import write_atomically
from core.models import cards
from core.models.preprocessing import Preprocessing
from core.serving.networks import shared_networks
from core.training.sources import SOURCES
from core.variant import Variant

BATCH = 100


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="for photos: folder of Tiny ImageNet (official layout or parquet)")
    add_variant_options(parser)
    parser.add_argument("--limit", type=positive, default=None, help="only the first so many pictures")
    parser.add_argument("--threads", type=positive, default=None)
    parser.add_argument("--output", type=Path, default=None, help="also write the JSON there, row by row")
    parser.add_argument("--cards", action="store_true", help="also write the figures into the shipped weights' cards")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.cards and args.weights not in SOURCES:
        raise RequestError(
            f"--cards writes the cards of weights that ship: {' or '.join(SOURCES)}.",
            "Leave --cards out for other weights.",
        )
    if args.cards and args.limit:
        raise RequestError("The cards state scores over all pictures.", "Leave out --limit or --cards.")
    chosen = variants(args)
    split = _pictures(chosen[0], args)
    rows: list[Accuracy] = []
    for variant in chosen:
        rows.append(_row(variant, split, args.device))
        if args.output:
            _write(args.output, rows, args.device)
    if args.cards:
        _write_cards(rows)
    print(_document(rows, args.device) if args.json else _table(rows))


def _pictures(variant: Variant, args: argparse.Namespace) -> Split:
    """Those that weights with these labels are scored on. Raises RequestError for weights with others."""
    labels = shared_networks().of(variant).loaded.card["labels"]
    if labels not in SOURCES:
        raise RequestError(
            f"{variant.weights} tells other classes apart than the sets here have.",
            f"Evaluate the {' or '.join(SOURCES)} weights, or a file of one of the compact networks.",
        )
    pictures = SOURCES[labels].scored(args.data).pictures
    return pictures.take(np.arange(len(pictures))[: args.limit])


def _row(variant: Variant, split: Split, device: str) -> Accuracy:
    """One variant's accuracy, behind a progress bar."""
    loaded = shared_networks().of(variant).loaded
    executable = shared_networks().executable(variant, device)
    with tqdm(total=len(split), desc=f"{variant.network} {variant.format}", unit="picture", mininterval=5) as bar:
        batches = _batches(split, loaded.preprocessing)
        return evaluate(variant, executable, batches, lambda right: bar.update(len(right)) and None)


def _batches(split: Split, preprocessing: Preprocessing) -> Iterator[Batch]:
    for begin in range(0, len(split), BATCH):
        part = split.take(np.arange(begin, min(begin + BATCH, len(split))))
        pictures = preprocessing.normalise(part.images)
        yield pictures, torch.from_numpy(part.labels), torch.from_numpy(part.boxes)


def _document(rows: list[Accuracy], device: str) -> str:
    record = {
        "schema": 1,
        "command": "evaluate",
        "environment": environment(device),
        "results": [row.as_dict() for row in rows],
    }
    return json.dumps(record, indent=1)


def _write(path: Path, rows: list[Accuracy], device: str) -> None:
    with write_atomically(path) as temporary:
        temporary.write_text(_document(rows, device))


def _write_cards(rows: list[Accuracy]) -> None:
    """Each format's scores into the card of its network, beside those that are there."""
    for row in rows:
        weights = cards.weights_file(row.network, row.weights)
        card = cards.read_card(weights)
        scores = {"top1": round(row.top1, 2), "top5": round(row.top5, 2), "images": row.images}
        how = {"engine": row.engine, "arithmetic": row.arithmetic, "calibrated": row.calibrated}
        cards.write_card(weights, card | {"formats": card.get("formats", {}) | {row.format: scores | how}})


def _table(rows: list[Accuracy]) -> str:
    lines = [f"{'network':<12}{'format':<9}{'Top-1 %':>9}{'Top-5 %':>9}{'box IoU':>9}  engine, arithmetic"]
    for row in rows:
        iou = "" if row.iou is None else f"{row.iou:.3f}"
        numbers = f"{row.top1:>9.2f}{row.top5:>9.2f}{iou:>9}"
        lines.append(f"{row.network:<12}{row.format:<9}{numbers}  {row.engine}, {row.arithmetic}")
    return "\n".join(lines)
