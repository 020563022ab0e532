"""`python -m core layers`: a network layer by layer, as a job that can be stopped and gone on with."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from core.cli.choices import listed, positive, settled_weights
from core.cli.fetching import fetch_missing
from core.datasets.matching import unmatched_sentence
from core.datasets.opening import settled
from core.datasets.survey import unreadable_sentence
from core.errors import RequestError
from core.jobs.records import Job
from core.jobs.store import JobStore, shared_jobs
from core.jobs.work import carried_out
from core.models.catalog import ARCHITECTURES
from core.models.weights import file_of
from core.quantization.calibrators import CALIBRATORS
from core.serving.networks import shared_networks
from core.sweeps.checking import check_classes
from core.sweeps.layers.begin import Sets, open_sets
from core.sweeps.layers.carry_out import carry_out
from core.sweeps.layers.export import to_json, to_text
from core.sweeps.layers.plan import SEARCH, WIDTHS, LayersPlan
from core.sweeps.layers.records import LayersConditions
from core.sweeps.layers.store import LayersStore
from core.variant import Calibration

KIND = "layers"
BITS = ",".join(map(str, WIDTHS))


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", help=", ".join(ARCHITECTURES))
    parser.add_argument("--weights", default="photos", help="photos, signs, imagenet, or a file's path")
    parser.add_argument("--data", help="as for sweep; its split val is searched on, its split test scored")
    parser.add_argument("--bits", default=BITS, help=f"widths that each layer is tried at alone ({BITS})")
    parser.add_argument("--limit", type=positive, help="score only so many pictures, drawn by the seed")
    parser.add_argument("--search", type=positive, default=SEARCH, help=f"pictures to search on ({SEARCH})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--calibrator", choices=list(CALIBRATORS), default=Calibration().calibrator)
    parser.add_argument("--no-search", action="store_true", help="each tensor's own best fractional length")
    parser.add_argument("--resume", metavar="JOB", help="go on with a job, or show again what it found")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    jobs = shared_jobs()
    if jobs.database.moved:
        _say(jobs.database.moved)
    job, sets = _again(jobs, args.resume) if args.resume else _begun(jobs, _plan(args))
    plan = LayersPlan.from_json(job.plan)
    if job.state != "done":
        _carry_out(jobs, job, plan, sets)
    store = LayersStore(jobs, job.id)
    conditions = store.conditions()
    if conditions is None:
        raise RequestError(f"The job {job.id} has no results.", "Begin a new one.")
    _say_what_is_missing(store, conditions)
    print(to_json(plan, store, conditions) if args.json else to_text(store, conditions))


def _begun(jobs: JobStore, plan: LayersPlan) -> tuple[Job, Sets]:
    """A new job; none where its pictures or weights are not here, or do not fit together."""
    file_of(plan.network, plan.weights)
    fetch_missing(plan.data)
    sets = open_sets(plan)
    for data in (sets.searched, sets.scored):
        check_classes(data, (plan.weights,))
    return jobs.add(KIND, plan.to_json()), sets


def _again(jobs: JobStore, name: str) -> tuple[Job, None]:
    """The job, queued again where it stood still. Raises RequestError where there is none, or it is of another kind."""
    found = jobs.get(name)
    if found.kind != KIND:
        raise RequestError(
            f"The job {name} is not one of layers but a {found.kind}.", f"Run: python -m core {found.kind}."
        )
    jobs.resume(name)
    return jobs.retry(name), None


def _plan(args: argparse.Namespace) -> LayersPlan:
    """Raises RequestError for a name that does not exist; nothing is loaded yet."""
    if not args.network or not args.data:
        missing = "network to take apart" if not args.network else "pictures to run"
        raise RequestError(f"Nothing says which {missing}.", "Add --network NAME and --data SET, or --resume JOB.")
    return LayersPlan(
        network=args.network,
        weights=settled_weights(args.weights),
        data=settled(args.data),
        bits=tuple(positive(bits) for bits in listed("--bits", args.bits)),
        limit=args.limit,
        search=args.search,
        seed=args.seed,
        calibration=Calibration(args.calibrator, not args.no_search),
    )


def _carry_out(jobs: JobStore, job: Job, plan: LayersPlan, sets: Sets | None) -> None:
    """Behind a progress bar, when the job's turn has come."""
    _say(f"Job {job.id}. If it stops, go on with: python -m core {KIND} --resume {job.id}")
    with carried_out(jobs, job.id, lambda: _say("Another job is running: this one waits for its turn.")) as work:
        store = LayersStore(jobs, job.id, work.owner)
        with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}", mininterval=1) as bar:

            def show(share: float) -> None:
                bar.n = round(100 * share)
                bar.update(0)

            carry_out(plan, store, open_sets(plan) if sets is None else sets, shared_networks(), work.check, show)


def _say_what_is_missing(store: LayersStore, conditions: LayersConditions) -> None:
    for note in conditions.notes:
        _say(note)
    skipped = store.unreadable()
    if skipped:
        total = conditions.searched_pictures + conditions.scored_pictures
        _say(f"{unreadable_sentence(skipped, total)} {skipped[0].reason}")
    if conditions.unmatched:
        whose = f"the {conditions.labels} networks'"
        _say(unmatched_sentence(conditions.unmatched, conditions.classes, whose))


def _say(sentence: str) -> None:
    print(f"bitlens: {sentence}", file=sys.stderr)
