"""The command line: one module for each command, one line here to register it."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from core.errors import BitlensError, RequestError
from core.jobs.start import STARTED
from core.jobs.store import shared_jobs
from core.jobs.work import await_turn

COMMANDS = {
    "classify": "Top-5 of photos, network by network and format by format.",
    "sweep": "Accuracy of every format over a data set, with its uncertainty.",
    "layers": "What each layer loses in few bits, and a mixed assignment of bits with its Pareto front.",
    "bench": "What Bitlens itself costs on this machine.",
    "evaluate": "Top-1 and Top-5 of every format over labelled pictures.",
    "calibrate": "Calibration statistics, and the search for fractional lengths.",
    "train": "Train a network that ships with the app.",
    "retrain": "Fine-tune a network for a number format, with its rounding in the forward pass.",
    "publish": "Turn a training's checkpoint into the weights that ship.",
    "weights": "List the weights that are here, and fetch published ones.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, or 2 where it could not be done (one sentence on standard error, never a traceback)."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _await_turn(arguments)
        args = _parser(arguments).parse_args(arguments)
        _await_turn(arguments)  # again, for what was wished while the command was imported
        return int(args.run(args) or 0)
    except KeyboardInterrupt:
        print("bitlens: stopped.", file=sys.stderr)
        return 130
    except BitlensError as error:
        return _refuse(error, "--json" in arguments)
    except Exception as error:
        return _refuse(_unexpected(error), "--json" in arguments)


def _await_turn(arguments: Sequence[str]) -> None:
    """A job that is gone on with waits here, where a process is small: the commands bring torch, hundreds of megabytes each.

    Raises RequestError where the app started this process and the job was stopped since: only a person who asks for a stopped
    job by its name means to begin it again.
    """
    if "--resume" not in arguments[:-1]:
        return
    jobs, name = shared_jobs(), arguments[arguments.index("--resume") + 1]
    found = jobs.get(name)
    if found.kind == arguments[0] and (found.state == "queued" or os.environ.get(STARTED) == name):
        await_turn(jobs, name, lambda: print("bitlens: Another job is running: this one waits.", file=sys.stderr))


def _refuse(error: BitlensError, as_json: bool) -> int:
    print(f"bitlens: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps({"schema": 1, "error": error.as_dict()}))
    return 2


def _unexpected(error: Exception) -> BitlensError:
    """What no part of Bitlens foresaw, in one line: a library's message may have many."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return BitlensError(
        f"Something unexpected went wrong ({words}).", "Please report it, with the command that was run."
    )


class _Parser(argparse.ArgumentParser):
    """Raises for what it cannot read, so that such an error looks like any other."""

    def error(self, message: str) -> NoReturn:
        raise RequestError(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """All commands by name; only the one that is called is imported, since most of them bring torch."""
    parser = _Parser(prog="python -m core", description="Bitlens without a browser.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name in arguments:
            importlib.import_module(f"core.cli.{name}").configure(command)
    return parser
