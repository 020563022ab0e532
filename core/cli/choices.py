"""Options that several commands share: which networks, weights and formats, and how they are calibrated."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.errors import RequestError
from core.formats import FORMATS, number_format
from core.models.catalog import ARCHITECTURES, architecture
from core.models.regimes import check_regime, regime_of
from core.models.weights import WEIGHTS
from core.quantization.calibrators import CALIBRATORS
from core.serving.devices import check_device
from core.variant import Calibration, Variant


def add_variant_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--networks", default=",".join(ARCHITECTURES), help="comma-separated (all three)")
    parser.add_argument("--weights", default="photos", help="photos, signs, imagenet, or a file's path")
    parser.add_argument("--formats", default=",".join(FORMATS), help="comma-separated, such as fp32,fixed8,fixed6,w4a8")
    parser.add_argument("--calibrator", choices=list(CALIBRATORS), default=Calibration().calibrator)
    parser.add_argument("--no-search", action="store_true", help="each tensor's own best fractional length")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")


def variants(args: argparse.Namespace, regimes: Sequence[str] = ()) -> list[Variant]:
    """Networks by formats by regimes, in the order given; without a regime RAW, and RE-TRAIN for a retrained file.

    Raises RequestError for an unknown name.
    """
    check_device(args.device)
    calibration = Calibration(args.calibrator, not args.no_search)
    networks = [architecture(name).name for name in listed("--networks", args.networks)]
    formats = [number_format(name).name for name in listed("--formats", args.formats)]
    regimes = [check_regime(regime) for regime in regimes] or [regime_of(args.weights)]
    return [
        Variant(network, args.weights, name, regime, calibration)
        for network in networks
        for name in formats
        for regime in regimes
    ]


def settled_weights(weights: str) -> str:
    """A file's path is made absolute, since a job may be gone on with from another folder; a name stays."""
    path = Path(weights).expanduser()
    return str(path.absolute()) if weights not in WEIGHTS and path.is_file() else weights


def positive(text: str) -> int:
    """A whole number above 0. Raises RequestError."""
    if not text.isdecimal() or not int(text):
        raise RequestError(f"{text} is not a whole number above 0.", "Give one, such as 100, or leave the option out.")
    return int(text)


def listed(option: str, text: str) -> tuple[str, ...]:
    """Names with commas between them. Raises RequestError where there is none."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise RequestError(f"{option} names nothing.", "Give names with commas between them, or leave the option out.")
    return names
