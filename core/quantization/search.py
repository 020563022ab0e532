"""The greedy search for fractional lengths: a change is kept only if the network's answers come closer to FP32's.

Lengths that are best for each tensor alone are not best for the network. Everything runs in FP32 fake quantization, from the
changed layer on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from core.formats import NumberFormat, limits
from core.quantization.fixed_point import ENOUGH_BITS, Lengths
from core.quantization.graph import Graph, Node
from core.quantization.groups import COPYING, accumulators, scale_groups
from core.quantization.simulate import forward, run_float

Kind = Literal["weights", "activations"]
Report = Callable[[float], None]


@dataclass(frozen=True)
class Trial:
    """One tensor whose length is moved: a layer's weights, or a scale group's activations."""

    kind: Kind
    name: str

    def moved(self, lengths: Lengths, by: int) -> Lengths:
        table = lengths.weights if self.kind == "weights" else lengths.activations
        moved = {**table, self.name: table[self.name] + by}
        return replace(lengths, weights=moved) if self.kind == "weights" else replace(lengths, activations=moved)


def search(
    graph: Graph,
    start: Lengths,
    format: NumberFormat,
    pictures: Tensor,
    budget_s: float = 60.0,
    report: Report = lambda share: None,
    targets: list[Tensor] | None = None,
) -> Lengths:
    """Walk over all tensors in the network's order; move each length up or down while that lowers `cost`.

    `pictures` is [n, 3, h, w], preprocessed. Stops after `budget_s` seconds with the best so far, which is then not complete.
    `report` receives the share done, 0 to 1. `targets` are the answers to come close to, one for each output: by default the
    graph's own in FP32. With 12 bits and more there is nothing to gain: `start` is returned.
    """
    if min(format.weight_bits, format.activation_bits) >= ENOUGH_BITS:
        return start
    state = _State(graph, start, format, pictures, targets)
    trials = list(_trials(graph))
    deadline, complete = time.monotonic() + budget_s, True
    for done, trial in enumerate(trials):
        report(done / len(trials))
        complete = state.improve(trial, deadline)
        if not complete:
            break
    report(1.0)
    return replace(state.lengths, complete=complete)


def _trials(graph: Graph) -> Iterator[Trial]:
    groups, seen = scale_groups(graph), set()
    for node in graph.nodes:
        if node.weight is not None:
            yield Trial("weights", node.name)
        group = groups.get(node.name)
        if group is not None and group not in seen:
            seen.add(group)
            yield Trial("activations", group)


def _answers(graph: Graph, pictures: Tensor) -> list[Tensor]:
    exact = run_float(graph, pictures)
    return [exact[name] for name in graph.outputs]


class _State:
    """The lengths kept so far, the fake-quantized value of every node under them, and their cost."""

    def __init__(
        self, graph: Graph, lengths: Lengths, format: NumberFormat, pictures: Tensor, targets: list[Tensor] | None
    ) -> None:
        self.graph, self.lengths, self.format, self.pictures = graph, lengths, format, pictures
        self.groups, self.wide = scale_groups(graph), accumulators(graph)
        self.targets = _answers(graph, pictures) if targets is None else targets
        self.values: dict[str, Tensor] = {}
        self.values = self._run(lengths, None)
        self.cost = self._cost(self.values)

    def improve(self, trial: Trial, deadline: float) -> bool:
        """Move the trial's length while it helps, in the first direction that does. False once the time is up."""
        for by in (1, -1):
            helped = False
            while time.monotonic() < deadline and self._try(trial, by):
                helped = True
            if helped:
                break
        return time.monotonic() < deadline

    @torch.inference_mode()
    def _try(self, trial: Trial, by: int) -> bool:
        lengths = trial.moved(self.lengths, by)
        values = self._run(lengths, trial)
        cost = self._cost(values)
        if cost >= self.cost:
            return False
        self.lengths, self.values, self.cost = lengths, values, cost
        return True

    @torch.inference_mode()
    def _run(self, lengths: Lengths, trial: Trial | None) -> dict[str, Tensor]:
        """All values under `lengths`; those that the trial cannot have touched are taken over."""
        values, touched = dict(self.values), set[str]()
        for node in self.graph.nodes:
            if trial is None or self._touches(trial, node) or touched.intersection(node.inputs):
                values[node.name] = self._quantized(node, lengths, values)
                touched.add(node.name)
        return values

    def _touches(self, trial: Trial, node: Node) -> bool:
        if trial.kind == "weights":
            return node.name == trial.name
        return self.groups.get(node.name) == trial.name and node.kind not in COPYING

    def _quantized(self, node: Node, lengths: Lengths, values: dict[str, Tensor]) -> Tensor:
        inputs = [values[name] for name in node.inputs] or [self.pictures]
        weight = None
        if node.weight is not None:
            weight = fake_quantize(node.weight, lengths.weights[node.name], self.format.weight_bits)
        y = forward(node, inputs, weight)
        if node.kind in COPYING or node.name in self.wide:
            return y
        return fake_quantize(y, lengths.activations[self.groups[node.name]], self.format.activation_bits)

    def _cost(self, values: dict[str, Tensor]) -> float:
        return cost([values[name] for name in self.graph.outputs], self.targets)


def fake_quantize(values: Tensor, length: int, bits: int) -> Tensor:
    """Rounded to the FIXED-N grid and back: 0.3 at FL 2 is 0.25."""
    low, high = limits(bits)
    return torch.round(values * 2.0**length).clamp_(low, high) * 2.0**-length


def cost(found: list[Tensor], targets: list[Tensor]) -> float:
    """KL divergence of the classes from FP32's in nats, mean over pictures; plus the squared error of any further output."""
    total = F.kl_div(found[0].log_softmax(1), targets[0].log_softmax(1), log_target=True, reduction="batchmean")
    for value, target in zip(found[1:], targets[1:], strict=True):
        total = total + F.mse_loss(value, target, reduction="sum") / len(value)
    return float(total)
