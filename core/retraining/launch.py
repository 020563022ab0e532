"""Start a retraining from the app, with its control where that is wanted."""

from __future__ import annotations

from pathlib import Path

from core.errors import RequestError
from core.jobs.records import Job
from core.jobs.start import all_or_none, check_room, start_process
from core.jobs.store import JobStore
from core.quantization.options import Options
from core.retraining.plan import KIND, RetrainPlan, plan_of

MOST_TRAINED = 1_000_000  # pictures, each counted as often as it is seen


def launch(jobs: JobStore, network: str, weights: str, format: str, options: Options, data: str, control: bool) -> Job:
    """The retraining's job. With `control` the same training in FP32 waits behind it, so that a gain from more training is
    not taken for the format's. Raises BitlensError, and leaves no job, where something is wrong that can be known by then.
    """
    plans = [plan_of(network, weights, format, options, data)]
    if control and plans[0].has_control:
        same = plans[0].as_control
        plans.append(plan_of(network, weights, same.format, same.options, data))
    _check_size(options)
    check_room(jobs, len(plans))
    started: list[Job] = []
    with all_or_none(jobs, started):
        started.extend(jobs.add(KIND, plan.to_json()) for plan in plans)
        for job in started:
            start_process(jobs, job)
    return started[0]


def _check_size(options: Options) -> None:
    trained = options.epochs * (options.most or 0)
    if trained > MOST_TRAINED:
        raise RequestError(
            f"That trains on {trained:,} pictures, and a job from this page on at most {MOST_TRAINED:,}.",
            f"Take fewer epochs or steps, or run it on the machine itself: python -m core {KIND}.",
        )


def title(job: Job) -> str:
    """What a job is about: "SqueezeNet FIXED-5 on signs"."""
    try:
        plan = RetrainPlan.from_json(job.plan)
    except RequestError:
        return "a plan that this version cannot read"
    return f"{plan.title} on {Path(plan.data).name}"
