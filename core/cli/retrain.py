"""`python -m core retrain`: fine-tune a network with the quantized forward pass, and score the integer program with it.

It is a job: it can be cancelled or begun again from elsewhere, and what it has come to can be read while it runs.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from core import settings
from core.cli.choices import positive, settled_weights
from core.cli.fetching import fetch_missing
from core.errors import RequestError
from core.jobs.records import Job
from core.jobs.store import JobStore, shared_jobs
from core.jobs.work import carried_out
from core.models.catalog import ARCHITECTURES
from core.models.regimes import CONTROL, UNCONTROLLED
from core.models.weights import labels_of
from core.quantization.options import Options, budget
from core.quantization.retrain import Progress
from core.quantization.score import Scores
from core.retraining.carry_out import carry_out
from core.retraining.export import to_json
from core.retraining.plan import KIND, RetrainPlan, plan_of
from core.retraining.store import Result, RetrainStore
from core.serving.networks import Networks
from core.sweeps import gain

POINTS = 20
DATA = "signs[:N][:SEED], imagenette, a folder or zip of class folders, or Tiny ImageNet's folder; for signs weights: signs"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", choices=list(ARCHITECTURES))
    parser.add_argument("--weights", default="photos", help="a set by name, or the path of a weights file")
    parser.add_argument("--format", help="such as fixed4, w4a8 or int8; fp32 is the control")
    parser.add_argument("--data", default="", help=DATA)
    parser.add_argument("--epochs", type=positive, help=_defaults("epochs"))
    parser.add_argument(
        "--steps", type=positive, help=f"batches in an epoch, at most every picture once {_defaults('steps')}"
    )
    parser.add_argument("--batch", type=positive, help=f"pictures in a step {_defaults('batch')}")
    parser.add_argument("--rate", type=float, help=f"learning rate, at its peak {_defaults('rate')}")
    parser.add_argument("--lengths", choices=["frozen", "search"], help="fractional lengths (frozen)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--output", type=Path, help="the .safetensors file to write; default: where regime retrain looks"
    )
    parser.add_argument("--scored", type=positive, help="score the programs on so many pictures of the test split")
    parser.add_argument("--resume", metavar="JOB", help="begin a job again that was stopped, or show what it found")
    parser.add_argument("--threads", type=positive)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def _defaults(name: str) -> str:
    """Of the steps: (photos 300, signs 200)."""
    return f"({', '.join(f'{labels} {getattr(budget(labels), name)}' for labels in ('photos', 'signs'))})"


def run(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads or settings.cpu_threads())
    jobs = _jobs()
    job = _again(jobs, args.resume) if args.resume else jobs.add(KIND, _plan(args).to_json())
    plan = RetrainPlan.from_json(job.plan)
    if job.state != "done":
        _carry_out(jobs, job, plan)
    store = RetrainStore(jobs, job.id)
    result = store.result()
    if result is None:
        raise RequestError(f"The job {job.id} has no result.", "Begin a new retraining.")
    print(to_json(store.job, result, store.losses()) if args.json else _table(store, result))


def _jobs() -> JobStore:
    jobs = shared_jobs()
    if jobs.database.moved:
        _say(jobs.database.moved)
    return jobs


def _again(jobs: JobStore, name: str) -> Job:
    """The job, queued again where it stood still. Raises RequestError where there is none, or it is no retraining."""
    found = jobs.get(name)
    if found.kind != KIND:
        raise RequestError(
            f"The job {name} is not a retraining but a {found.kind}.",
            f"Run: python -m core {found.kind} --resume {name}.",
        )
    jobs.resume(name)
    return jobs.retry(name)


def _plan(args: argparse.Namespace) -> RetrainPlan:
    """Raises for anything that can be known to be wrong before any picture is read."""
    for option in ("network", "format"):
        if getattr(args, option) is None:
            raise RequestError(f"Nothing says which {option} to retrain.", f"Add --{option}, or --resume JOB.")
    weights = settled_weights(args.weights)
    fetch_missing(args.data)
    options = _options(args, labels_of(weights))
    return plan_of(args.network, weights, args.format, options, args.data, args.output, args.scored)


def _options(args: argparse.Namespace, labels: str) -> Options:
    """The budget for weights with these labels, with what was asked for."""
    names = ("rate", "epochs", "steps", "batch", "lengths", "seed")
    return replace(budget(labels), **{name: value for name in names if (value := getattr(args, name)) is not None})


def _carry_out(jobs: JobStore, job: Job, plan: RetrainPlan) -> None:
    """Behind a progress bar, when the job's turn has come."""
    _say(f"Job {job.id}. If it stops, begin it again: python -m core retrain --resume {job.id}")
    with carried_out(jobs, job.id, lambda: _say("Another job is running: this one waits for its turn.")) as work:
        store = RetrainStore(jobs, job.id, work.owner)
        with _Bar() as bar:
            result = carry_out(plan, store, Networks(), work.check, bar.show)
        _say_all(result.notes)


def _say_all(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        _say(sentence)


def _say(sentence: str) -> None:
    print(f"bitlens: {sentence}", file=sys.stderr)


def _curve(losses: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most POINTS points of the loss curve: the last step of each stretch, and the stretch's mean loss."""
    stretches = np.array_split(np.array(losses), min(POINTS, len(losses)))
    return [(int(stretch[-1, 0]), float(stretch[:, 1].mean())) for stretch in stretches]


def _table(store: RetrainStore, result: Result) -> str:
    """The loss curve, the epochs as they were chosen between, and the programs' scores."""
    before, after = result.before, result.after
    lines = [f"{'step':>8}{'loss':>9}", *(f"{step:>8}{loss:>9.3f}" for step, loss in _curve(store.losses()))]
    lines += ["", *_epochs(store.scores(), int(result.record["best_epoch"]))]
    lines += ["", f"{'':<18}{'Top-1 %':>9}{'Top-5 %':>9}  {before.engine}, {before.images:,} {result.scored_on}"]
    lines += [f"{name:<18}{row.top1:>9.2f}{row.top5:>9.2f}" for name, row in (("before", before), ("after", after))]
    lines += ["", gain.sentence(result), f"{after.calibrated or 'no quantizers'}; {after.retrained}"]
    return "\n".join([*lines, *([UNCONTROLLED] if after.format != CONTROL else []), result.file])


def _epochs(scores: list[Scores], best: int) -> list[str]:
    lines = [f"{'epoch':>8}{'Top-1 %':>9}{'Top-5 %':>9}{'loss':>9}  simulated, held-back pictures"]
    for epoch, one in enumerate(scores):
        kept = "  kept" if epoch == best else ""
        lines.append(f"{epoch:>8}{one.top1:>9.2f}{one.top5:>9.2f}{one.loss:>9.3f}{kept}")
    return lines


class _Bar:
    """A tqdm bar with the loss of the last step and the scores of the last epoch."""

    def __enter__(self) -> _Bar:
        self.bar = tqdm(unit="step", dynamic_ncols=True, mininterval=5)
        return self

    def show(self, progress: Progress) -> None:
        self.bar.total = progress.steps
        if progress.scores is not None:
            self.bar.set_description(f"epoch {progress.epoch + 1}: Top-1 {progress.scores.top1:.2f} %", refresh=False)
        if math.isfinite(progress.loss):
            self.bar.set_postfix(loss=f"{progress.loss:.3f}", refresh=False)
        self.bar.update(progress.step - self.bar.n)

    def __exit__(self, *_: object) -> None:
        self.bar.close()
