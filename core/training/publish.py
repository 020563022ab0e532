"""From a training's checkpoint to the weights that ship: FP32 safetensors, and a card that says what they are."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from core.errors import WeightsError
from core.files import write_atomically
from core.models import cards, files
from core.models.fit import build, fit, relevant
from core.models.weights import WEIGHTS
from core.training.recipe import Recipe
from core.training.run import Outcome, outcome
from core.training.source import Scored
from core.training.sources import SOURCES

LIBRARIES = ("torch", "torchvision", "numpy", "safetensors")


def publish(weights: str, network: str, checkpoint: Path, scored: Scored, target: Path) -> cards.Card:
    """Write the checkpoint's weights to `target` and their card beside it, scored on `scored`. Returns the card.

    Calibration statistics beside `target` go with the weights that they were of: `calibrate --ship` makes new ones.
    Raises WeightsError for a file that is no checkpoint, is of another network, or comes to more than its set allows.
    """
    state, entry = read_checkpoint(checkpoint), WEIGHTS[weights]
    layout = fit(checkpoint.name, state["network"], network, entry.kind)
    module = build(checkpoint.name, layout, state["network"])
    _replace(relevant(module.state_dict()), target, SOURCES[weights].limit_bytes)
    card = cards.new_card(weights, layout, module, entry.licence, "Trained by this repository.")
    card |= _training(weights, network, state) | _scores(outcome(module, scored.pictures), scored)
    card |= {"libraries": _libraries(), "sha256": files.sha256(target)}
    cards.write_card(target, card)
    return cards.read_card(target)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What `Run.save` wrote. Raises WeightsError for any other file."""
    files.check_file(path)
    state = files.read_torch(path)
    if not isinstance(state, dict) or not {"network", "seconds", "history", "recipe", "commit"} <= state.keys():
        raise WeightsError(f"{path.name} is not a training's checkpoint.", "Give the file that `train` writes.")
    return state


def _replace(tensors: dict[str, Any], target: Path, limit_bytes: int) -> None:
    """Save; where that changed the weights, the calibration statistics beside them are stale."""
    before = files.sha256(target) if target.is_file() else ""
    _save(tensors, target, limit_bytes)
    if files.sha256(target) != before:
        cards.calibration_file(target).unlink(missing_ok=True)


def _save(tensors: dict[str, Any], target: Path, limit_bytes: int) -> None:
    with write_atomically(target) as temporary:
        save_file(tensors, temporary)
        size = temporary.stat().st_size
        if size > limit_bytes:
            raise WeightsError(
                f"{target.name} comes to {size / 1e6:.1f} MB; at most {limit_bytes / 1e6:.0f} MB ship.",
                "Narrow the network.",
            )


def _training(weights: str, network: str, state: dict[str, Any]) -> dict[str, Any]:
    recipe = Recipe.from_dict(state["recipe"])
    words = ("python -m core train", weights, "--network", network, recipe.options, *WEIGHTS[weights].options)
    return {
        "data": SOURCES[weights].data,
        "how": " ".join(words),
        "recipe": recipe.as_dict(),
        "commit": state["commit"],
        "epochs": len(state["history"]),
        "seconds": round(state["seconds"]),
        "held_back": state["history"][-1] if state["history"] else None,
    }


def _scores(found: Outcome, scored: Scored) -> dict[str, Any]:
    """Percent with two decimals, so that a hundredth is one of 10,000 pictures."""
    scores = found.scores
    card = {
        "scored_on": f"{len(scored.pictures):,} {scored.words}, in FP32",
        "top1": round(scores["top1"], 2),
        "top5": round(scores["top5"], 2),
        "iou": round(scores["iou"], 4),
    }
    factors = _factors(found, scored)
    return card | ({"factors": factors} if factors else {})


def _factors(found: Outcome, scored: Scored) -> dict[str, dict[str, dict[str, float]]]:
    """Top-1 by factor and group: {"size": {"below 27": {"pictures": 3300, "top1": 90.1}, ...}, ...}."""
    first = found.first.numpy()
    return {
        factor: {
            title: {"pictures": int(members.sum()), "top1": round(100 * float(first[members].mean()), 2)}
            for title, members in groups.items()
            if members.any()
        }
        for factor, groups in scored.groups().items()
    }


def _libraries() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
