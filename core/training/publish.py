"""From a training's checkpoint to the weights that ship: FP32 safetensors, and a card that says what they are."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from core.datasets.tiny_imagenet import Split
from core.errors import WeightsError
from core.files import write_atomically
from core.models import cards, files
from core.models.fit import build, fit, relevant
from core.models.weights import WEIGHTS
from core.training import photos
from core.training.recipe import Recipe

LIMIT_BYTES = 6_000_000
LIBRARIES = ("torch", "torchvision", "numpy", "safetensors")


def publish(network: str, checkpoint: Path, validation: Split, target: Path) -> cards.Card:
    """Write the checkpoint's weights to `target` and their card beside it, scored on `validation`. Returns the card.

    Calibration statistics beside `target` go with the weights that they were of: `calibrate --data` makes new ones.
    Raises WeightsError for a file that is no checkpoint, is of another network, or comes to more than 6 MB.
    """
    state = read_checkpoint(checkpoint)
    layout = fit(checkpoint.name, state["network"], network, "compact")
    module = build(checkpoint.name, layout, state["network"])
    _replace(relevant(module.state_dict()), target)
    general = cards.new_card("photos", layout, module, WEIGHTS["photos"].licence, "Trained by this repository.")
    card = general | _training(network, state) | _scores(photos.evaluate(module, validation), len(validation))
    card |= {"libraries": _libraries(), "sha256": files.sha256(target)}
    cards.write_card(target, card)
    return cards.read_card(target)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What `Run.save` wrote. Raises WeightsError for any other file."""
    files.check_file(path)
    state = files.read_torch(path)
    if not isinstance(state, dict) or not {"network", "seconds", "history", "recipe", "commit"} <= state.keys():
        raise WeightsError(f"{path.name} is not a training's checkpoint.", "Give the file that `train photos` writes.")
    return state


def _replace(tensors: dict[str, Any], target: Path) -> None:
    """Save; where that changed the weights, the calibration statistics beside them are stale."""
    before = files.sha256(target) if target.is_file() else ""
    _save(tensors, target)
    if files.sha256(target) != before:
        cards.calibration_file(target).unlink(missing_ok=True)


def _save(tensors: dict[str, Any], target: Path) -> None:
    with write_atomically(target) as temporary:
        save_file(tensors, temporary)
        size = temporary.stat().st_size
        if size > LIMIT_BYTES:
            raise WeightsError(
                f"{target.name} comes to {size / 1e6:.1f} MB; at most {LIMIT_BYTES / 1e6:.0f} MB ship.",
                "Narrow the network.",
            )


def _training(network: str, state: dict[str, Any]) -> dict[str, Any]:
    recipe = Recipe.from_dict(state["recipe"])
    return {
        "data": "Tiny ImageNet (Stanford CS231N): 95,000 training pictures, 5,000 held back to choose epochs.",
        "how": f"python -m core train photos --network {network} {recipe.options} --data FOLDER",
        "recipe": recipe.as_dict(),
        "commit": state["commit"],
        "epochs": len(state["history"]),
        "seconds": round(state["seconds"]),
        "held_back": state["history"][-1] if state["history"] else None,
    }


def _scores(scores: dict[str, float], count: int) -> dict[str, Any]:
    """Percent with two decimals, so that a hundredth is one of 10,000 pictures."""
    return {
        "scored_on": f"{count:,} validation pictures of Tiny ImageNet, in FP32",
        "top1": round(scores["top1"], 2),
        "top5": round(scores["top5"], 2),
        "iou": round(scores["iou"], 4),
    }


def _libraries() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
