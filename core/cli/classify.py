"""`python -m core classify PHOTO…`: the Compare page without a browser."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core import settings
from core.cli.choices import add_variant_options, variants
from core.compare.answer import TOP, answer
from core.compare.export import to_json
from core.compare.noise import layer_noise
from core.compare.records import Answer
from core.compare.view import View
from core.environment import environment
from core.errors import ImageError, RequestError
from core.images.decode import Picture, decode
from core.serving.networks import shared_networks
from core.variant import Variant


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    add_variant_options(parser)
    parser.add_argument("--top", type=int, default=TOP, help="how many guesses to show (5)")
    parser.add_argument("--layers", action="store_true", help="also how exact each layer is, in decibels")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    if args.top < 1:
        raise RequestError(f"--top is {args.top}.", "Ask for at least 1 guess.")
    pictures = [read(photo, name) for photo, name in zip(args.photos, names(args.photos), strict=True)]
    chosen = variants(args)
    answers = [_answer(View(picture), variant, args) for picture in pictures for variant in chosen]
    print(to_json(answers, environment(args.device)) if args.json else table(answers))


def _answer(view: View, variant: Variant, args: argparse.Namespace) -> Answer:
    networks = shared_networks()
    found = answer(networks, view, variant, args.device, args.top)
    if not args.layers:
        return found
    prepared, executable = networks.prepared(variant.network, variant.weights), networks.executable(variant)
    layers = layer_noise(prepared, executable, view.tensor(prepared.loaded.preprocessing))
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


def table(answers: list[Answer]) -> str:
    """One line for each answer: format, how it was computed, and the guesses; then its layers, where they were measured."""
    lines = []
    heading = None
    for one in answers:
        if (one.image, one.variant.network) != heading:
            heading = (one.image, one.variant.network)
            lines += ["", f"{one.image} · {one.variant.network} · {one.variant.weights_name}"]
        speed = f"{one.milliseconds:8.2f} ms" if one.milliseconds is not None else " " * 11
        guesses = "  ".join(f"{guess.label} {guess.score:.2f}" for guess in one.top)
        lines.append(f"  {one.variant.title:<10} {one.arithmetic:<9}{speed}  {guesses}")
        lines += [f"    {layer.name:<32} {layer.kind:<13} {layer.decibels:8.2f} dB" for layer in one.layers]
    return "\n".join(lines).lstrip("\n")
