"""Which file a variant runs: RAW runs its weights, RE-TRAIN what was retrained from them for its format."""

from __future__ import annotations

from pathlib import Path

from core import settings
from core.errors import RequestError, WeightsError
from core.formats import number_format
from core.models import files, retrained
from core.models.catalog import architecture
from core.models.retrained import Retrained
from core.models.weights import WEIGHTS, file_of
from core.variant import REGIMES, Variant


def weights_of(variant: Variant) -> str:
    """What to load for a variant: `photos`, or the path of a file.

    RE-TRAIN finds what was retrained on this machine, else what lies beside the weights themselves (assets/weights holds
    photos-squeezenet-fixed4.safetensors beside photos-squeezenet.safetensors). Raises RequestError for a regime that does not
    exist or does not go with the weights; WeightsError where there is no retrained file, or one of something else.
    """
    if variant.regime not in REGIMES:
        raise RequestError(f"There is no regime named {variant.regime!r}.", f"Choose from: {', '.join(REGIMES)}.")
    own = _own(variant.weights)
    if own is not None:
        return _itself(variant, own)
    return variant.weights if variant.regime == "raw" else str(_found(variant))


def regime_of(weights: str) -> str:
    """`retrain` for the path of a retrained file, which runs as nothing else; `raw` for all other weights."""
    return "raw" if _own(weights) is None else "retrain"


def target(network: str, weights: str, format: str) -> Path:
    """Where a retrained file goes unless another place is named: one for each network, weights, format and parent file."""
    parent = file_of(network, weights)
    return settings.cache_folder() / "retrained" / f"{parent.stem}-{format}-{files.sha256(parent)[:12]}.safetensors"


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
    options = f"--network {variant.network} --weights {variant.weights_name} --format {variant.format}"
    return f"run `python -m core retrain {options} --data FOLDER`"
