"""`python -m core weights`: which weights are on this machine, and fetch those that are not."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from tqdm import tqdm

from core.cli.fetching import shown
from core.errors import RequestError
from core.models.catalog import ARCHITECTURES, architecture
from core.models.weights import WEIGHTS, availability, fetch


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=["list", "fetch"], default="list")
    parser.add_argument("--network", choices=list(ARCHITECTURES), help="the network whose imagenet weights to fetch")
    parser.add_argument("--json", action="store_true", help="print the list for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    if args.action == "fetch":
        _fetch(args.network)
    rows = [_row(name, network) for name in WEIGHTS for network in ARCHITECTURES if args.network in (None, network)]
    print(json.dumps({"schema": 1, "command": "weights", "weights": rows}) if args.json else _table(rows))


def _fetch(network: str | None) -> None:
    if network is None:
        raise RequestError("Nothing says which network's weights to fetch.", "Add --network NAME.")
    with tqdm(unit="B", unit_scale=True, dynamic_ncols=True, desc=architecture(network).title) as bar:
        fetch(network, shown(bar))


def _row(weights: str, network: str) -> dict[str, Any]:
    return {"weights": weights, "network": network, **asdict(availability(network, weights))}


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [f"{'weights':<10}{'network':<12}{'MB':>8}  here"]
    for row in rows:
        size = f"{row['bytes'] / 1e6:,.1f}" if row["bytes"] else "-"
        here = "yes" if row["present"] else f"no: {row['reason']} {row['remedy']}"
        lines.append(f"{row['weights']:<10}{row['network']:<12}{size:>8}  {here}")
    return "\n".join(lines)
