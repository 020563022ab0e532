"""What travels with weights: a card (JSON) that says what they are, where from, how good and under which terms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import settings
from core.errors import WeightsError
from core.files import write_atomically
from core.models.fit import Layout
from core.models.kinds import KINDS
from core.models.preprocessing import Preprocessing, preprocessing

if TYPE_CHECKING:
    from torch import nn

Card = dict[str, Any]
REQUIRED = {
    "what",
    "network",
    "weights",
    "classes",
    "parameters",
    "licence",
    "origin",
    "labels",
    "preprocessing",
    "sha256",
}


def weights_file(network: str, weights: str) -> Path:
    """Where the weights of a network ship under that name: photos-vgg16.safetensors."""
    return settings.ASSETS / "weights" / f"{weights}-{network}.safetensors"


def card_file(weights: Path) -> Path:
    return weights.with_suffix(".json")


def calibration_file(weights: Path) -> Path:
    return weights.with_suffix(".calibration.json")


def new_card(weights: str, layout: Layout, module: nn.Module, licence: str, origin: str) -> Card:
    """What is known of any weights: the part of a card that does not depend on how they were trained."""
    return {
        "what": layout.title,
        "network": layout.network,
        "weights": weights,
        "classes": layout.classes,
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "licence": licence,
        "origin": origin,
        "labels": KINDS[layout.kind].labels,
        "preprocessing": preprocessing(layout.network, layout.kind).as_dict(),
    }


def read_card(weights: Path) -> Card:
    """The card beside shipped weights. Raises WeightsError where it is absent, damaged or incomplete."""
    path = card_file(weights)
    try:
        card = dict(json.loads(path.read_text(encoding="utf-8")))
        missing = sorted(REQUIRED - card.keys())
        Preprocessing.from_dict(card.get("preprocessing", {}))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise WeightsError(f"The card {path.name} beside {weights.name} cannot be read.", _restore(path)) from error
    if missing:
        raise WeightsError(f"The card {path.name} lacks {', '.join(missing)}.", _restore(path))
    return card


def write_card(weights: Path, card: Card) -> None:
    with write_atomically(card_file(weights)) as temporary:
        temporary.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _restore(path: Path) -> str:
    return f"Restore it with: git checkout assets/weights/{path.name}; or publish the weights anew."
