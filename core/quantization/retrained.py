"""An outcome of retraining as a weights file: the folded network's tensors, and a record of all that they depend on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from torch import Tensor

from core.datasets.labelled import TrainingData
from core.engines.program import Convolution, Linear
from core.environment import environment
from core.formats import NumberFormat
from core.models.retrained import Retrained, write
from core.models.weights import LoadedNetwork
from core.quantization.fixed_point import Lengths
from core.quantization.graph import Graph
from core.quantization.groups import scale_groups
from core.quantization.lower import lower
from core.quantization.options import Options
from core.quantization.retrain import Outcome
from core.quantization.stored import as_dict


def save(
    outcome: Outcome, loaded: LoadedNetwork, format: NumberFormat, data: TrainingData, options: Options, target: Path
) -> Retrained:
    """Write `target`, which `load_network` reads as weights of the same network. `loaded` is what was retrained."""
    tensors, exponents = _floats(outcome.graph), dict[str, int]()
    if isinstance(outcome.quantizers, Lengths):
        tensors, exponents = _integers(outcome.graph, outcome.quantizers, format)
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
        exponents=exponents,
        labels=loaded.card["labels"],
        preprocessing=loaded.preprocessing.as_dict(),
        licence=loaded.card["licence"],
        environment=environment(),
    )
    write(target, tensors, record)
    return record


def _floats(graph: Graph) -> dict[str, Tensor]:
    """FP32 under the names that the layers have in the network: for FP32 and INT8."""
    found: dict[str, Tensor] = {}
    for node in graph.weighted:
        for name, tensor in (("weight", node.weight), ("bias", node.bias)):
            if tensor is not None:
                found[f"{node.layer}.{name}"] = tensor.contiguous()
    return found


def _integers(graph: Graph, lengths: Lengths, format: NumberFormat) -> tuple[dict[str, Tensor], dict[str, int]]:
    """The integers of FIXED-N's program, a quarter of FP32's bytes at 8 bits, and the exponent of each tensor."""
    program, groups = lower(graph, lengths, format), scale_groups(graph)
    tensors: dict[str, Tensor] = {}
    exponents: dict[str, int] = {}
    for operation in program.operations:
        if isinstance(operation, Convolution | Linear):
            weight, bias = f"{operation.layer}.weight", f"{operation.layer}.bias"
            exponents[weight] = lengths.weights[operation.name]
            exponents[bias] = exponents[weight] + lengths.activations[groups[operation.inputs[0]]]
            tensors |= {weight: operation.weight.contiguous(), bias: operation.bias}
    return tensors, exponents
