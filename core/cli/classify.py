"""`python -m core classify PHOTO…`: the Compare page without a browser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from core import settings
from core.cli.choices import add_variant_options, listed, variants
from core.compare.answer import TOP, answer
from core.compare.export import to_json
from core.compare.noise import layer_noise
from core.compare.records import Answer
from core.compare.view import View
from core.engines.program import FLOAT_ISLANDS
from core.environment import environment
from core.errors import ImageError, RequestError
from core.images.decode import Picture, decode
from core.models.regimes import control_sentence, divided, missing_sentence
from core.serving.networks import shared_networks
from core.variant import Variant


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    add_variant_options(parser)
    parser.add_argument("--regimes", default="", help="comma-separated: raw, retrain (raw)")
    parser.add_argument("--top", type=int, default=TOP, help="how many guesses to show (5)")
    parser.add_argument("--layers", action="store_true", help="also how exact each layer is, in decibels")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    if args.top < 1:
        raise RequestError(f"--top is {args.top}.", "Ask for at least 1 guess.")
    chosen = _chosen(args)
    answers: list[Answer] = []
    islands: dict[str, None] = {}
    # One picture at a time is held and answered, and what is printed of it stays whatever becomes of the next.
    for photo, name in zip(args.photos, names(args.photos), strict=True):
        found = _answers(View(read(photo, name)), chosen, args)
        islands |= dict.fromkeys(island for one in found for island in one.floats)
        if args.json:
            answers += found
        else:
            print(f"{table(found)}\n", flush=True)
    print(to_json(answers, environment(args.device)) if args.json else _islands(islands))


def _chosen(args: argparse.Namespace) -> list[Variant]:
    """Without those whose weights have yet to be retrained, which is said. Raises RequestError where nothing is left."""
    regimes = listed("--regimes", args.regimes) if args.regimes else ()
    found, missing = divided(variants(args, regimes))
    sentence = missing_sentence(missing)
    if not found:
        raise RequestError(
            sentence or "These formats are never retrained.", "" if sentence else "Choose FP32, FIXED-N or INT8."
        )
    for words in filter(None, (sentence, control_sentence(found))):
        print(f"bitlens: {words}", file=sys.stderr)
    return found


def _answers(view: View, chosen: Sequence[Variant], args: argparse.Namespace) -> list[Answer]:
    return [_answer(view, variant, args) for variant in chosen]


def _answer(view: View, variant: Variant, args: argparse.Namespace) -> Answer:
    networks = shared_networks()
    found = answer(networks, view, variant, args.device, args.top)
    if not args.layers:
        return found
    prepared = networks.of(variant)
    executable = networks.executable(variant, args.device)
    layers = layer_noise(prepared, executable, view.tensor(prepared.loaded.preprocessing), args.device)
    return replace(found, layers=layers)


def names(photos: Sequence[Path]) -> list[str]:
    """A file's name, or the whole path where two files have the same: a/x.jpg and b/x.jpg stay as they are."""
    alone = [photo.name for photo in photos]
    return [name if alone.count(name) == 1 else str(photo) for photo, name in zip(photos, alone, strict=True)]


def read(photo: Path, name: str) -> Picture:
    try:
        with photo.open("rb") as stream:
            data = stream.read(settings.max_upload_bytes() + 1)  # enough to see that a file has too many
    except OSError as error:
        raise ImageError(
            f"{photo} cannot be read: {error.strerror or error}.", "Give the path of a picture."
        ) from error
    return decode(data, name)


def table(answers: Sequence[Answer]) -> str:
    """One line for each answer: format, how it was computed, the box and the guesses; then its layers, if they were measured."""
    lines = []
    heading = None
    boxes = [_box(one) for one in answers]
    width = max(map(len, boxes), default=0)
    wide = max([10, *(len(one.variant.title) for one in answers)])
    for one, box in zip(answers, boxes, strict=True):
        if (one.image, one.variant.network) != heading:
            heading = (one.image, one.variant.network)
            lines += ["", f"{one.image} · {one.variant.network} · {one.variant.weights_name}"]
        speed = f"{one.milliseconds:8.2f} ms" if one.milliseconds is not None else " " * 11
        guesses = "  ".join(f"{guess.label} {guess.score:.2f}" for guess in one.top)
        lines.append(f"  {one.variant.title:<{wide}} {one.arithmetic:<9}{speed}  {box:<{width}}{guesses}")
        lines += [f"    {layer.name:<32} {layer.kind:<13} {layer.decibels:8.2f} dB" for layer in one.layers]
    return "\n".join(lines).lstrip("\n")


def _box(one: Answer) -> str:
    """In whole pixels of the picture: "(172, 32) to (268, 64)  "; nothing where the network has no box head."""
    if one.box is None:
        return ""
    x0, y0, x1, y1 = map(round, one.box)
    return f"({x0}, {y0}) to ({x1}, {y1})  "


def _islands(names: Iterable[str]) -> str:
    """What ran in floating point beside the formats above, a line each."""
    return "\n".join(f"Float island: {name}. {FLOAT_ISLANDS[name]}" for name in names)
