"""`python -m core retrain`: fine-tune a network with the quantized forward pass, and score the integer program with it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from core.cli.choices import positive
from core.compare.evaluate import Accuracy, Batch, evaluate
from core.datasets.labelled import Labelled, Part, TrainingData
from core.environment import environment
from core.errors import RequestError
from core.formats import number_format
from core.models import regimes
from core.models.catalog import ARCHITECTURES
from core.models.preprocessing import Preprocessing
from core.models.retrained import Retrained
from core.quantization.retrain import Options, Outcome, Progress, retrain
from core.quantization.retrained import save
from core.serving.networks import Networks
from core.training.sources import SOURCES
from core.variant import Variant

BATCH = 100
POINTS = 20


def configure(parser: argparse.ArgumentParser) -> None:
    default = Options()
    parser.add_argument("--network", required=True, choices=list(ARCHITECTURES))
    parser.add_argument("--weights", default="photos", help="a set by name, or the path of a weights file")
    parser.add_argument("--format", required=True, help="such as fixed4, w4a8 or int8; fp32 is the control")
    parser.add_argument("--data", type=Path, help="for photos: folder of Tiny ImageNet (official layout or parquet)")
    parser.add_argument("--epochs", type=positive, default=default.epochs, help=f"({default.epochs})")
    parser.add_argument("--steps", type=positive, help="cut each epoch to so many batches")
    parser.add_argument("--batch", type=positive, default=default.batch, help=f"pictures in a step ({default.batch})")
    parser.add_argument(
        "--rate", type=float, default=default.rate, help=f"learning rate, at its peak ({default.rate:g})"
    )
    parser.add_argument("--lengths", choices=["frozen", "search"], default=default.lengths, help="fractional lengths")
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument(
        "--output", type=Path, help="the .safetensors file to write; default: where regime retrain looks"
    )
    parser.add_argument("--scored", type=positive, help="score the programs on so many held-back pictures (all)")
    parser.add_argument("--threads", type=positive)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    if args.threads:
        torch.set_num_threads(args.threads)
    format, networks = number_format(args.format), Networks()
    begun = Variant(args.network, args.weights, format.name, regimes.regime_of(args.weights))
    prepared = networks.of(begun)
    target = _target(args, format.name)
    data = _data(prepared.loaded.card["labels"], args.data)
    with _Bar() as bar:
        outcome = retrain(prepared, format, data, _options(args), bar.show)
    record = save(outcome, prepared.loaded, format, data, _options(args), target)
    ended = Variant(args.network, str(target), format.name, "retrain")
    before, after = (_accuracy(networks, variant, data, args.scored) for variant in (begun, ended))
    print(_document(target, record, outcome, before, after) if args.json else _table(target, outcome, before, after))


def _data(labels: str, folder: Path | None) -> TrainingData:
    """The pictures that weights with these labels are trained on. Raises RequestError for weights with others."""
    if labels not in SOURCES:
        raise RequestError(
            "These weights tell other classes apart than the sets that can be trained on here.",
            f"Retrain the {' or '.join(SOURCES)} weights, or a file of one of the compact networks.",
        )
    return SOURCES[labels].training(folder)


def _options(args: argparse.Namespace) -> Options:
    return Options(
        rate=args.rate, epochs=args.epochs, steps=args.steps, batch=args.batch, lengths=args.lengths, seed=args.seed
    )


def _target(args: argparse.Namespace, format: str) -> Path:
    """Where the outcome goes, made ready before training, which is not to be lost to a wrong path. Raises RequestError."""
    target: Path = args.output or regimes.target(args.network, args.weights, format)
    if target.suffix != ".safetensors":
        raise RequestError(f"{target} is no name for retrained weights.", "Give one that ends in .safetensors.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"{target.parent} cannot be made ({error.strerror}).", "Give another --output.") from error
    return target


def _accuracy(networks: Networks, variant: Variant, data: TrainingData, count: int | None) -> Accuracy:
    """What the variant's program scores on held-back pictures: all, or `count` of them, the same for every variant."""
    whole = len(data.held_back)
    part = Part(data.held_back, np.sort(np.random.default_rng(0).permutation(whole)[:count]))
    preprocessing = networks.of(variant).loaded.preprocessing
    with tqdm(total=len(part), desc=variant.title, unit="picture", mininterval=5) as bar:
        batches = _batches(part, preprocessing)
        return evaluate(variant, networks.executable(variant), batches, lambda done: bar.update(done) and None)


def _batches(part: Labelled, preprocessing: Preprocessing) -> Iterator[Batch]:
    for begin in range(0, len(part), BATCH):
        batch = part.take(np.arange(begin, min(begin + BATCH, len(part))))
        boxes = None if batch.boxes is None else torch.from_numpy(batch.boxes)
        yield preprocessing.normalise(batch.images), torch.from_numpy(batch.labels), boxes


def _curve(outcome: Outcome) -> list[tuple[int, float]]:
    """At most POINTS points of the loss curve: the last step of each stretch, and the stretch's mean loss."""
    stretches = np.array_split(np.arange(len(outcome.losses)), min(POINTS, len(outcome.losses)))
    return [(int(steps[-1]) + 1, float(np.mean([outcome.losses[step] for step in steps]))) for steps in stretches]


def _document(target: Path, record: Retrained, outcome: Outcome, before: Accuracy, after: Accuracy) -> str:
    document = {
        "schema": 1,
        "command": "retrain",
        "environment": environment(),
        "file": str(target),
        "record": record.as_dict(),
        "losses": outcome.losses,
        "seconds": round(outcome.seconds, 1),
        "before": asdict(before),
        "after": asdict(after),
    }
    return json.dumps(document, indent=1)


def _table(target: Path, outcome: Outcome, before: Accuracy, after: Accuracy) -> str:
    """The loss curve, the epochs as they were chosen between, and the programs' scores."""
    lines = [f"{'step':>8}{'loss':>9}", *(f"{step:>8}{loss:>9.3f}" for step, loss in _curve(outcome))]
    lines += ["", f"{'epoch':>8}{'Top-1 %':>9}{'Top-5 %':>9}{'loss':>9}  simulated, held-back pictures"]
    for epoch, scores in enumerate(outcome.scores):
        kept = "  kept" if epoch == outcome.best else ""
        lines.append(f"{epoch:>8}{scores.top1:>9.2f}{scores.top5:>9.2f}{scores.loss:>9.3f}{kept}")
    lines += ["", f"{'':<18}{'Top-1 %':>9}{'Top-5 %':>9}  {before.engine}, {before.images:,} held-back pictures"]
    lines += [f"{name:<18}{row.top1:>9.2f}{row.top5:>9.2f}" for name, row in (("before", before), ("after", after))]
    return "\n".join([*lines, "", f"{after.calibrated or 'no quantizers'}; {after.retrained}", str(target)])


class _Bar:
    """A tqdm bar with the loss of the last step and the scores of the last epoch."""

    def __enter__(self) -> _Bar:
        self.bar = tqdm(unit="step", dynamic_ncols=True, mininterval=5)
        return self

    def show(self, progress: Progress) -> None:
        self.bar.total = progress.steps
        if progress.scores is not None:
            self.bar.set_description(f"epoch {progress.epoch + 1}: Top-1 {progress.scores.top1:.2f} %", refresh=False)
        self.bar.set_postfix(loss=f"{progress.loss:.3f}", refresh=False)
        self.bar.update(progress.step - self.bar.n)

    def __exit__(self, *_: object) -> None:
        self.bar.close()
