"""Calibration statistics as a file beside the weights: histograms, and the fractional lengths that the search found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.errors import WeightsError
from core.files import write_atomically
from core.quantization.fixed_point import Lengths
from core.quantization.graph import Graph
from core.quantization.groups import COPYING, scale_groups
from core.quantization.histogram import Histogram, histogram, merge
from core.quantization.simulate import run_float

SCHEMA = 2
REMEDY = "Restore the file from the repository, or delete it: it is then computed from pictures."


@dataclass(frozen=True)
class Statistics:
    """`ranges`: a histogram for each scale group. `lengths`: for each N, what the search found, from `start` on.

    `pictures` says which pictures were seen, in words, and `searched_on` which the search used. `weights_sha256` names the
    weights file that all this is of: `LoadedNetwork.fingerprint`, 64 hexadecimal digits.
    """

    ranges: Mapping[str, Histogram]
    pictures: str
    weights_sha256: str
    lengths: Mapping[int, Lengths] = field(default_factory=dict)
    searched_on: str = ""

    def save(self, path: Path) -> None:
        record = {
            "schema": SCHEMA,
            "weights_sha256": self.weights_sha256,
            "pictures": self.pictures,
            "searched_on": self.searched_on,
            "ranges": {group: one.as_dict() for group, one in self.ranges.items()},
            "lengths": {
                str(bits): {
                    "weights": dict(found.weights),
                    "activations": dict(found.activations),
                    "complete": found.complete,
                }
                for bits, found in self.lengths.items()
            },
        }
        with write_atomically(path) as temporary:
            temporary.write_text(json.dumps(record, separators=(",", ":")))

    @classmethod
    def load(cls, path: Path) -> Statistics:
        """What `save` wrote. Raises WeightsError for a file that is damaged or of another schema."""
        try:
            record = json.loads(path.read_text())
            schema = record["schema"]
            if schema == SCHEMA:
                return cls._from_record(record)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WeightsError(f"The calibration statistics {path} cannot be read.", REMEDY) from error
        raise WeightsError(f"The calibration statistics {path} are of schema {schema}, not {SCHEMA}.", REMEDY)

    @classmethod
    def _from_record(cls, record: dict[str, Any]) -> Statistics:
        return cls(
            ranges={group: Histogram.from_dict(one) for group, one in record["ranges"].items()},
            pictures=record["pictures"],
            weights_sha256=record["weights_sha256"],
            lengths={int(bits): Lengths(**found) for bits, found in record["lengths"].items()},
            searched_on=record["searched_on"],
        )

    def composed(self, weight_bits: int, activation_bits: int) -> Lengths | None:
        """The searched lengths, or None. For wXaY: the weights' of X and the activations' of Y."""
        weights, activations = self.lengths.get(weight_bits), self.lengths.get(activation_bits)
        if weights is None or activations is None:
            return None
        return Lengths(weights.weights, activations.activations, weights.complete and activations.complete)


def collect(graph: Graph, batches: Iterable[Tensor]) -> dict[str, Histogram]:
    """Histograms of every scale group over all pictures. `batches` is read twice: for the bounds, then for the counts."""
    batches = list(batches)
    bounds: dict[str, tuple[float, float]] = {}
    for group, values in _grouped(graph, batches):
        low, high = bounds.get(group, (np.inf, -np.inf))
        bounds[group] = (min(low, float(values.min())), max(high, float(values.max())))
    found: dict[str, Histogram] = {}
    for group, values in _grouped(graph, batches):
        one = histogram(values, *bounds[group])
        found[group] = merge(found[group], one) if group in found else one
    return found


def _grouped(graph: Graph, batches: Iterable[Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Each group's values, batch by batch; copies within a group are seen once, at the nodes that compute."""
    groups = scale_groups(graph)
    for batch in batches:
        values = run_float(graph, batch)
        for node in graph.nodes:
            if node.name in groups and node.kind not in COPYING:
                yield groups[node.name], values[node.name].float().cpu()


def batches_of(pictures: Tensor, size: int = 64) -> list[Tensor]:
    return list(torch.split(pictures, size))
