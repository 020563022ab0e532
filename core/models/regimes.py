"""Which file a variant runs: RAW runs its weights, RE-TRAIN what was retrained from them for its format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from core import settings
from core.errors import BitlensError, RequestError, WeightsError
from core.formats import FORMATS, number_format
from core.models import files, retrained
from core.models.catalog import architecture
from core.models.retrained import Retrained
from core.models.weights import WEIGHTS, availability, file_of
from core.variant import REGIMES, Variant

CONTROL = "fp32"  # fine-tuned as a format was: what more training alone gains


def weights_of(variant: Variant) -> str:
    """What to load for a variant: `photos`, or the path of a file.

    RE-TRAIN finds what was retrained on this machine, else what lies beside the weights themselves (assets/weights holds
    photos-squeezenet-fixed4.safetensors beside photos-squeezenet.safetensors). Raises RequestError for a regime that does not
    exist or does not go with the weights; WeightsError where there is no retrained file, or one of something else.
    """
    check_regime(variant.regime)
    own = _own(variant.weights)
    if own is not None:
        return _itself(variant, own)
    return variant.weights if variant.regime == "raw" else str(_found(variant))


def content(variant: Variant) -> str:
    """The SHA-256 of the file that RE-TRAIN runs, which a second retraining replaces under its name.

    Empty for RAW, and where there is none: running it tells what is wrong. Reads a file anew only where it has changed.
    """
    try:
        return "" if variant.regime == "raw" else files.sha256(Path(weights_of(variant)).expanduser())
    except (BitlensError, OSError):
        return ""


def check_regime(name: str) -> str:
    """Raises RequestError for a regime that does not exist."""
    if name not in REGIMES:
        raise RequestError(f"There is no regime named {name!r}.", f"Choose from: {', '.join(REGIMES)}.")
    return name


def retrained_formats(network: str, weights: str) -> tuple[str, ...]:
    """The formats in which RE-TRAIN runs, the registered ones first. It reads no tensor and imports no torch."""
    own = _own(weights)
    if own is not None:
        return (own.format,) if own.network == network else ()
    try:
        names = set(_candidates(file_of(network, weights), network, weights))
    except BitlensError:
        return ()
    known = [name for name in FORMATS if name in names]
    return tuple(
        name for name in [*known, *sorted(names - set(known))] if _runs(Variant(network, weights, name, "retrain"))
    )


def _candidates(parent: Path, network: str, weights: str) -> Iterator[str]:
    """The formats that the names of the files say, where a retrained file is looked for."""
    prefix = f"{parent.stem}-"
    for folder in (target(network, weights, "fp32").parent, parent.parent):
        for path in folder.glob("*.safetensors"):
            if path.stem.startswith(prefix):
                yield path.stem.removeprefix(prefix).partition("-")[0]


def _runs(variant: Variant) -> bool:
    try:
        _found(variant)
    except BitlensError:
        return False
    return True


def divided(variants: Iterable[Variant]) -> tuple[list[Variant], list[Variant]]:
    """Those that run, as far as their regime goes; and those whose weights have yet to be retrained.

    What is never retrained, such as FP16, is in neither. Weights that are absent, or name a retrained file, are not looked
    into: running them tells what is wrong.
    """
    found: list[Variant] = []
    missing: list[Variant] = []
    for variant in variants:
        if variant.regime == "raw" or not _is_parent(variant) or _runs(variant):
            found.append(variant)
        elif variant.format == CONTROL or variant.number_format.kind != "float":
            missing.append(variant)
    return found, missing


def _is_parent(variant: Variant) -> bool:
    """Whether its weights are here, and something that is retrained."""
    return availability(variant.network, variant.weights).present and regime_of(variant.weights) == "raw"


UNCONTROLLED = "FP32 with the same training is not here: part of a gain may be more training, not the format."


def control_sentence(variants: Iterable[Variant]) -> str:
    """UNCONTROLLED where a format stands with RE-TRAIN among them, and FP32 of its network and weights does not; else empty."""
    retrained = [one for one in variants if one.regime == "retrain"]
    controls = {(one.network, one.weights) for one in retrained if one.format == CONTROL}
    return UNCONTROLLED if any((one.network, one.weights) not in controls for one in retrained) else ""


def used_sentence(found: Iterable[Variant]) -> str:
    """What RE-TRAIN runs, where its weights are here: "RE-TRAIN uses what is here: SqueezeNet FIXED-5, retrained with 2 epochs
    of 15 steps on Signs, 26 November 2026.". A short trial is so not taken for a training. Empty where there are none.
    """
    titles: dict[str, list[str]] = {}
    for one in found:
        if words := _trained(one):
            titles.setdefault(words, []).append(f"{architecture(one.network).title} {one.number_format.title}")
    each = "; ".join(f"{', '.join(names)}, retrained with {words}" for words, names in titles.items())
    return f"RE-TRAIN uses what is here: {each}." if each else ""


def _trained(variant: Variant) -> str:
    """With what, and when where it was here; empty for RAW, and for what cannot be read: running it tells why."""
    if variant.regime == "raw":
        return ""
    try:
        path = Path(weights_of(variant)).expanduser()
        record = retrained.read(path)
    except BitlensError:
        return ""
    if record is None:
        return ""
    made_here = path.parent == settings.cache_folder() / "retrained"
    made = f", {datetime.fromtimestamp(path.stat().st_mtime):%d %B %Y}" if made_here else ""
    return f"{record.budget} on {record.data}{made.replace(', 0', ', ')}"


def missing_sentence(missing: Sequence[Variant]) -> str:
    """Such as "Not retrained yet: SqueezeNet for FIXED-16 and INT8. To make the first: python -m core retrain ..."."""
    return f"{left_out_sentence(missing)} To make the first of them, {_retrain(missing[0])}." if missing else ""


def left_out_sentence(missing: Sequence[Variant]) -> str:
    """Such as "Not retrained yet, and left out: SqueezeNet for FIXED-16, INT8."."""
    titles: dict[str, list[str]] = {}
    for variant in missing:
        titles.setdefault(architecture(variant.network).title, []).append(variant.number_format.title)
    each = "; ".join(f"{network} for {', '.join(formats)}" for network, formats in titles.items())
    return f"Not retrained yet, and left out: {each}."


def regime_of(weights: str) -> str:
    """`retrain` for the path of a retrained file, which runs as nothing else; `raw` for all other weights."""
    return "raw" if _own(weights) is None else "retrain"


def target(network: str, weights: str, format: str) -> Path:
    """Where a retrained file goes unless another place is named: one for each network, weights, format and parent file."""
    parent = file_of(network, weights)
    return settings.cache_folder() / "retrained" / f"{parent.stem}-{format}-{files.sha256(parent)[:12]}.safetensors"


def check_parent(variant: Variant) -> None:
    """Raises WeightsError where its weights were retrained for another format or network: they are no parent for its own."""
    own = _own(variant.weights)
    if own is None:
        return
    if own.format != variant.format:
        title, name = number_format(own.format).title, variant.weights_name
        raise WeightsError(
            f"{name} was retrained for {title}, and cannot be retrained for {variant.number_format.title}.",
            f"Retrain it for {title}, or name the weights that it was retrained from: {own.parent}.",
        )
    check(own, variant.weights_name, variant)


def check(record: Retrained, name: str, variant: Variant, parent_sha256: str | None = None) -> None:
    """Raises WeightsError where the retrained file `name` is not of the variant's network, format or parent."""
    title = number_format(variant.format).title
    if record.network != variant.network:
        holds, wanted = architecture(record.network).title, architecture(variant.network).title
        raise WeightsError(f"{name} holds {holds}, not {wanted}.", f"Choose a file that was retrained from {wanted}.")
    if record.format != variant.format:
        own = number_format(record.format).title
        raise WeightsError(f"{name} was retrained for {own}, not {title}.", f"Run it in {own}, or {_retrain(variant)}.")
    if parent_sha256 is not None and record.parent_sha256 != parent_sha256:
        raise WeightsError(
            f"{name} was retrained from other weights than the {variant.weights_name} of this copy.",
            f"To use these, {_retrain(variant)}.",
        )


def _own(weights: str) -> Retrained | None:
    return None if weights in WEIGHTS else retrained.read(Path(weights).expanduser())


def _itself(variant: Variant, own: Retrained) -> str:
    """Weights that name a retrained file: it runs as what it is."""
    name = variant.weights_name
    if variant.regime == "raw":
        raise RequestError(
            f"{name} was retrained for {number_format(own.format).title}: its weights are not RAW.",
            "Ask for it with regime retrain, or choose the weights that it was retrained from.",
        )
    check(own, name, variant)
    return variant.weights


def _found(variant: Variant) -> Path:
    parent = file_of(variant.network, variant.weights)
    made_here = target(variant.network, variant.weights, variant.format)
    shipped = parent.with_name(f"{parent.stem}-{variant.format}.safetensors")
    for path in (made_here, shipped):
        record = retrained.read(path)
        if record is not None:
            check(record, path.name, variant, files.sha256(parent))
            return path
    network, format = architecture(variant.network).title, number_format(variant.format).title
    raise WeightsError(
        f"The {variant.weights_name} weights of {network} have not been retrained for {format}.",
        f"Choose RAW, or {_retrain(variant)}.",
    )


def _retrain(variant: Variant) -> str:
    source = WEIGHTS[variant.weights].options if variant.weights in WEIGHTS else ("--data", "FOLDER")
    options = ("--network", variant.network, "--weights", variant.weights_name, "--format", variant.format, *source)
    return f"run `python -m core retrain {' '.join(options)}`"
