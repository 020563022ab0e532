"""Retrained weights as a file of their own, which says where they come from and for which one format they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import WeightsError
from core.files import write_atomically

if TYPE_CHECKING:
    from torch import Tensor

KEY, SCHEMA, REGIME = "bitlens", 1, "retrain"
PLACE = "Make room there, name another folder in BITLENS_CACHE, or give another --output of `python -m core retrain`."


@dataclass(frozen=True)
class Retrained:
    """The record inside a retrained file: origin, data, options and outcome.

    `parent` is the name of the weights that were retrained, `parent_sha256` their file's. `quantizers` holds the fractional
    lengths or scales that the weights were trained under, empty for FP32; `calibrated` says in words where those are from.
    `exponents` names the tensors that the file holds as integers q, each worth q * 2^-exponent: all of FIXED-N's.
    `history` has one entry for each epoch, the first of them before any training; `best_epoch` is the one kept.
    `environment` is that of the training; its "bitlens" is the commit.
    """

    network: str
    format: str
    parent: str
    parent_sha256: str
    data: str
    data_fingerprint: str
    options: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]
    best_epoch: int
    quantizers: Mapping[str, Any]
    calibrated: str
    exponents: Mapping[str, int]
    labels: str
    preprocessing: Mapping[str, Any]
    licence: str
    environment: Mapping[str, Any]

    @property
    def budget(self) -> str:
        """2 epochs of 15 steps; without the steps where an epoch has every picture once."""
        epochs, steps = len(self.history) - 1, self.options.get("steps")
        many = f"{epochs} {'epoch' if epochs == 1 else 'epochs'}"
        return f"{many} of {steps} {'step' if steps == 1 else 'steps'}" if steps else many

    @property
    def summary(self) -> str:
        """3 epochs on Tiny ImageNet, the best of them 2; rate 0.0003, seed 0."""
        epochs = len(self.history) - 1
        many = "epoch" if epochs == 1 else "epochs"
        rate, seed = self.options["rate"], self.options["seed"]
        return f"{epochs} {many} on {self.data}, the best of them {self.best_epoch}; rate {rate:g}, seed {seed}"

    def as_dict(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "regime": REGIME, **asdict(self)}


def facts(record: Retrained) -> dict[str, Any]:
    """What a card takes over from the record: what the answers mean, and the terms of the weights it began with."""
    return {
        "labels": record.labels,
        "preprocessing": dict(record.preprocessing),
        "licence": record.licence,
        "origin": f"Retrained from {record.parent} ({record.parent_sha256[:12]}): {record.summary}.",
    }


def real(record: Retrained, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The file's tensors as FP32: q 53 with exponent 6 is 0.828125. Exact, for they were rounded from FP32."""
    exponents = record.exponents
    return {
        name: (tensor.double() * 2.0 ** -exponents[name]).float() if name in exponents else tensor
        for name, tensor in tensors.items()
    }


def make_folder(target: Path) -> None:
    """Before training, which is not to be lost to a wrong path. Raises WeightsError where it cannot be made."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WeightsError(f"{target.parent} cannot be made ({error.strerror or error}).", PLACE) from error


def write(target: Path, tensors: Mapping[str, Tensor], record: Retrained) -> None:
    """The whole file or nothing. Raises WeightsError where the place has no room for it, or is not to be written."""
    from safetensors.torch import save

    try:
        with write_atomically(target) as temporary:
            temporary.write_bytes(save(dict(tensors), {KEY: json.dumps(record.as_dict())}))
    except OSError as error:
        raise WeightsError(
            f"The retrained weights cannot be written to {target} ({error.strerror or error}).", PLACE
        ) from error


def read(path: Path) -> Retrained | None:
    """The record inside a weights file; None where there is none. Raises WeightsError for one that cannot be read.

    What is wrong with the file itself, reading its tensors tells.
    """
    from safetensors import SafetensorError, safe_open

    if path.suffix.lower() != ".safetensors" or not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(KEY)
    except (SafetensorError, OSError):
        return None
    return None if text is None else _record(path.name, text)


def _record(name: str, text: str) -> Retrained:
    try:
        values = json.loads(text)
        known = values.pop("schema"), values.pop("regime")
        if known == (SCHEMA, REGIME):
            return Retrained(**values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"What {name} says of its retraining cannot be read.", "Retrain the weights anew."
        ) from error
    raise WeightsError(
        f"{name} was written by another version of Bitlens (schema {known[0]}, not {SCHEMA}).",
        "Retrain the weights anew.",
    )
