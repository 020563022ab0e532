"""`python -m core bench NAME`: what Bitlens itself costs, measured on this machine. A new benchmark is one line here."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from statistics import median
from typing import Any

from tqdm import tqdm

from core.cli.choices import add_variant_options, positive, variants
from core.datasets.opening import open_set, settled
from core.environment import environment
from core.serving.networks import shared_networks
from core.sweeps.benchmark import Benchmark, Round
from core.sweeps.conditions import Conditions
from core.sweeps.plan import Plan
from core.variant import Variant

SCHEMA = 1
PICTURES = "signs:300"  # more than the set keeps drawn, so that each sweep draws them anew


def configure(parser: argparse.ArgumentParser) -> None:
    names = parser.add_subparsers(dest="benchmark", required=True, metavar="NAME")
    for name, (summary, add_options) in BENCHMARKS.items():
        add_options(names.add_parser(name, help=summary, description=summary))


def _sweep_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", default=PICTURES, help="as for sweep")
    add_variant_options(parser)
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=_sweep, networks="squeezenet", weights="signs")


def _sweep(args: argparse.Namespace) -> None:
    bench = Benchmark(_plan(args), open_set(args.data), shared_networks())
    print("bitlens: One sweep to warm up, then the rounds.", file=sys.stderr)
    conditions = bench.warm_up()
    rounds = list(tqdm(bench.rounds(args.rounds, conditions), total=args.rounds, unit="round", dynamic_ncols=True))
    print(json.dumps(_document(bench.plan, conditions, rounds), indent=2) if args.json else _text(conditions, rounds))


def _plan(args: argparse.Namespace) -> Plan:
    chosen = variants(args)
    return Plan(
        networks=tuple(one.network for one in chosen),
        weights=(args.weights,),
        formats=tuple(one.format for one in chosen),
        data=settled(args.data),
        regimes=(chosen[0].regime,),
        calibration=chosen[0].calibration,
        device=args.device,
    )


def _document(plan: Plan, conditions: Conditions, rounds: list[Round]) -> dict[str, Any]:
    """No pictures per second: variants whose arithmetic is emulated have no speed to be added up."""
    keys = ("network", "weights_name", "format", "regime", "engine", "arithmetic")
    return {
        "schema": SCHEMA,
        "command": "bench",
        "benchmark": "sweep",
        "plan": json.loads(plan.to_json()),
        "pictures": conditions.pictures,
        "conditions": {"batch": conditions.batch, "threads": conditions.threads},
        "environment": environment(plan.device),
        "variants": [{key: getattr(one, key) for key in keys} for one in conditions.variants],
        "rounds": [asdict(one) | {"ratio": one.ratio, "processor_ratio": one.processor_ratio} for one in rounds],
        "ratio": median(one.ratio for one in rounds),
        "processor_ratio": median(one.processor_ratio for one in rounds),
    }


def _text(conditions: Conditions, rounds: list[Round]) -> str:
    shares = sorted(100 * one.ratio for one in rounds)
    where = conditions.environment
    device = where["cpu"] if where["device"] == "cpu" else where["device"]
    threads = "1 thread" if conditions.threads == 1 else f"{conditions.threads} threads"
    how = (f"{_title(one.format, one.regime)} {one.engine}, {one.arithmetic}" for one in conditions.variants)
    return "\n".join(
        [
            f"A sweep of {len(conditions.variants)} variants keeps {median(shares):.2f} % of the engines' own speed "
            f"({shares[0]:.2f} to {shares[-1]:.2f} in {len(rounds)} rounds); "
            f"of processor time, {100 * median(one.processor_ratio for one in rounds):.2f} % goes to the engines.",
            f"{conditions.pictures:,} pictures in batches of {conditions.batch}, {threads}, on {device}.",
            f"Engines and arithmetic: {'; '.join(how)}.",
        ]
    )


def _title(format: str, regime: str) -> str:
    return Variant("", "", format, regime).title


BENCHMARKS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "sweep": ("How much of the engines' own speed a sweep of several variants keeps.", _sweep_options),
}
