"""The graph in floating point: for calibration, for the search, and as the baseline that noise is measured against."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from core.quantization.graph import Graph, Node


@torch.inference_mode()
def run_float(graph: Graph, x: Tensor) -> dict[str, Tensor]:
    """Every node's value in `x`'s dtype."""
    values: dict[str, Tensor] = {}
    for node in graph.nodes:
        values[node.name] = forward(node, [values[name] for name in node.inputs] or [x])
    return values


def forward(node: Node, inputs: list[Tensor], weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
    """One node with its fused ReLU; `weight` and `bias` stand in for the node's own."""
    weight = node.weight if weight is None else weight
    bias = node.bias if bias is None else bias
    if weight is not None and bias is not None:
        y = _FORWARD[node.kind](node, inputs, weight.to(inputs[0]), bias.to(inputs[0]))
    else:
        y = _FORWARD[node.kind](node, inputs)
    return F.relu(y) if node.relu else y


def _conv2d(node: Node, inputs: list[Tensor], weight: Tensor, bias: Tensor) -> Tensor:
    window = node.window
    return F.conv2d(inputs[0], weight, bias, window.stride, window.padding, window.dilation, node.groups)


def _linear(_: Node, inputs: list[Tensor], weight: Tensor, bias: Tensor) -> Tensor:
    return F.linear(inputs[0], weight, bias)


def _max_pool(node: Node, inputs: list[Tensor]) -> Tensor:
    w = node.window
    return F.max_pool2d(inputs[0], w.kernel, w.stride, w.padding, w.dilation, w.ceil_mode)


def _average_pool(node: Node, inputs: list[Tensor]) -> Tensor:
    return F.avg_pool2d(inputs[0], node.window.kernel, node.window.stride, node.window.padding)


_FORWARD: Mapping[str, Callable[..., Tensor]] = {
    "input": lambda node, inputs: inputs[0],
    "conv2d": _conv2d,
    "linear": _linear,
    "max_pool": _max_pool,
    "average_pool": _average_pool,
    "concat": lambda node, inputs: torch.cat(inputs, dim=1),
    "add": lambda node, inputs: inputs[0] + inputs[1],
    "relu": lambda node, inputs: F.relu(inputs[0]),
    "flatten": lambda node, inputs: inputs[0].flatten(1),
}
