"""An outcome of retraining as a weights file: the folded network's tensors, and a record of all that they depend on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from torch import Tensor

from core.datasets.labelled import TrainingData
from core.environment import environment
from core.formats import NumberFormat
from core.models.retrained import Retrained, write
from core.models.weights import LoadedNetwork
from core.quantization.graph import Graph
from core.quantization.retrain import Options, Outcome
from core.quantization.stored import as_dict


def save(
    outcome: Outcome, loaded: LoadedNetwork, format: NumberFormat, data: TrainingData, options: Options, target: Path
) -> Retrained:
    """Write `target`, which `load_network` reads as weights of the same network. `loaded` is what was retrained."""
    record = Retrained(
        network=loaded.network,
        format=format.name,
        parent=Path(loaded.weights).name,
        parent_sha256=loaded.fingerprint,
        data=data.title,
        data_fingerprint=data.fingerprint,
        options=asdict(options),
        history=[asdict(scores) for scores in outcome.scores],
        best_epoch=outcome.best,
        quantizers=as_dict(outcome.quantizers),
        calibrated=outcome.calibrated,
        labels=loaded.card["labels"],
        preprocessing=loaded.preprocessing.as_dict(),
        licence=loaded.card["licence"],
        environment=environment(),
    )
    write(target, _tensors(outcome.graph), record)
    return record


def _tensors(graph: Graph) -> dict[str, Tensor]:
    """Under the names that the layers have in the network."""
    found: dict[str, Tensor] = {}
    for node in graph.weighted:
        for name, tensor in (("weight", node.weight), ("bias", node.bias)):
            if tensor is not None:
                found[f"{node.layer}.{name}"] = tensor.contiguous()
    return found
