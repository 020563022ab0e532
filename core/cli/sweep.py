"""`python -m core sweep`: accuracy over a data set, format by format, as a job that can be stopped and gone on with."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tqdm import tqdm

from core.cli.choices import add_variant_options, listed, positive, settled_weights
from core.cli.fetching import fetch_missing
from core.datasets.matching import unmatched_sentence
from core.datasets.opening import settled
from core.datasets.picture_set import PictureSet
from core.datasets.survey import unreadable_sentence
from core.errors import RequestError
from core.files import as_text, write_atomically
from core.jobs.records import Job
from core.jobs.store import JobStore, shared_jobs
from core.jobs.work import Work, carried_out
from core.serving.devices import check_device
from core.serving.networks import shared_networks
from core.sweeps import parquet
from core.sweeps.between import between
from core.sweeps.between import to_text as to_lines
from core.sweeps.carry_out import carry_out
from core.sweeps.checking import check
from core.sweeps.conditions import Conditions
from core.sweeps.export import to_csv, to_json, to_text
from core.sweeps.opening import notes, opened
from core.sweeps.plan import Plan
from core.sweeps.rows import table
from core.sweeps.store import SweepStore
from core.variant import Calibration

KIND = "sweep"
DATA = (
    "signs:200, imagenette, the folder of Tiny ImageNet, or a folder or zip of pictures: in one folder for each class, "
    "or all in one, where they are unlabelled and the formats are compared with FP32 alone"
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", help=DATA)
    add_variant_options(parser)
    parser.add_argument(
        "--regimes",
        default="raw",
        help="raw,retrain (raw); what has yet to be retrained is fine-tuned first, and the set's test split alone is swept",
    )
    parser.add_argument("--retrained", metavar="FORMATS", help="which of the formats RE-TRAIN takes (all that it can)")
    parser.add_argument("--limit", type=positive, default=None, help="only so many pictures, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", metavar="JOB", help="go on with a job, or show again what it found")
    parser.add_argument("--compare", nargs=2, metavar="JOB", help="show how two sweeps differ, and run nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write the table there")
    parser.add_argument(
        "--parquet", type=Path, metavar="FILE", help="also write every outcome there, and what it takes to read them"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    jobs = _jobs()
    if args.compare:
        _compare(jobs, args)
    else:
        _sweep(jobs, args)


def _sweep(jobs: JobStore, args: argparse.Namespace) -> None:
    job, data = _again(jobs, args.resume) if args.resume else _begun(jobs, _plan(args))
    plan = Plan.from_json(job.plan)
    if job.state != "done":
        _carry_out(jobs, job, plan, data)
    store = SweepStore(jobs, job.id)
    conditions = store.conditions()
    if conditions is None:
        raise RequestError(f"The job {job.id} has no results.", "Begin a new sweep.")
    if job.state == "done":  # then the set was not opened, which says them
        _say_all(conditions.notes)
    _say_what_is_missing(store, conditions)
    _show(args, plan, store, conditions)


def _compare(jobs: JobStore, args: argparse.Namespace) -> None:
    first, second = (SweepStore(jobs, _job(jobs, name).id) for name in args.compare)
    found = between(first, second)
    print(as_text(json.dumps(found.as_dict(), indent=2, ensure_ascii=False)) if args.json else to_lines(found))


def _show(args: argparse.Namespace, plan: Plan, store: SweepStore, conditions: Conditions) -> None:
    if args.csv:
        with write_atomically(args.csv) as temporary:
            temporary.write_text(to_csv(plan, store, conditions), encoding="utf-8", newline="")
    if args.parquet:
        parquet.write(args.parquet, plan, store, conditions)
    print(to_json(plan, store, conditions) if args.json else to_text(table(store, conditions)))


def _jobs() -> JobStore:
    jobs = shared_jobs()
    if jobs.database.moved:
        _say(jobs.database.moved)
    return jobs


def _begun(jobs: JobStore, plan: Plan) -> tuple[Job, PictureSet]:
    """A new job; none where its pictures cannot be opened, or something else is wrong that can be known by then."""
    fetch_missing(plan.data)
    data = opened(plan)
    check(plan, data)
    return jobs.add(KIND, plan.to_json()), data


def _again(jobs: JobStore, name: str) -> tuple[Job, None]:
    """The job, queued again where it stood still. Raises RequestError where there is none, or it is no sweep."""
    jobs.resume(_job(jobs, name).id)
    return jobs.retry(name), None


def _job(jobs: JobStore, name: str) -> Job:
    found = jobs.get(name)
    if found.kind != KIND:
        raise RequestError(f"The job {name} is not a sweep but a {found.kind}.", f"Run: python -m core {found.kind}.")
    return found


def _plan(args: argparse.Namespace) -> Plan:
    """Raises RequestError for a name that does not exist; nothing is loaded yet."""
    if not args.data:
        raise RequestError("Nothing says which pictures to run.", "Add --data SET, or --resume JOB.")
    check_device(args.device)
    return Plan(
        networks=listed("--networks", args.networks),
        weights=tuple(map(settled_weights, listed("--weights", args.weights))),
        formats=listed("--formats", args.formats),
        data=settled(args.data),
        regimes=listed("--regimes", args.regimes),
        limit=args.limit,
        seed=args.seed,
        calibration=Calibration(args.calibrator, not args.no_search),
        device=args.device,
        retrained=listed("--retrained", args.retrained) if args.retrained else (),
    )


def _carry_out(jobs: JobStore, job: Job, plan: Plan, data: PictureSet | None) -> None:
    """Behind a progress bar, when the job's turn has come."""
    _say(f"Job {job.id}. If it stops, go on with: python -m core sweep --resume {job.id}")
    with carried_out(jobs, job.id, lambda: _say("Another job is running: this one waits for its turn.")) as work:
        data = opened(plan) if data is None else data
        _say_all(notes(plan, data))
        store = SweepStore(jobs, job.id, work.owner)
        with tqdm(unit="picture", mininterval=1, dynamic_ncols=True) as bar:
            carry_out(plan, store, data, shared_networks(), _checked(work, store, bar), _shown(bar))


def _checked(work: Work, store: SweepStore, bar: tqdm) -> Callable[[], None]:
    """Hears what the person wishes, and shows what is fine-tuned before the first picture is answered."""

    def check() -> None:
        work.check()
        stage = store.stage()
        if stage.strip() != bar.desc.strip():
            bar.set_description_str(f"{stage} " if stage else "")

    return check


def _shown(bar: tqdm) -> Callable[[int, int], None]:
    """`bar.initial` is what was there before, so that the speed is this process's."""

    def show(done: int, total: int) -> None:
        if bar.total is None:
            bar.total, bar.initial = total, done
        bar.n = done
        bar.update(0)

    return show


def _say_what_is_missing(store: SweepStore, conditions: Conditions) -> None:
    skipped = store.skipped()
    if skipped:
        _say(f"{unreadable_sentence(skipped, conditions.pictures)} {skipped[0].reason}")
    for kind, names in conditions.unmatched.items():
        if names:
            _say(unmatched_sentence(names, len(conditions.classes), f"the {kind} networks'"))
    for number, error in store.failures().items():
        _say(f"{conditions.variants[number].title} failed: {error['message']} {error['remedy']}")


def _say_all(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        _say(sentence)


def _say(sentence: str) -> None:
    print(f"bitlens: {sentence}", file=sys.stderr)
