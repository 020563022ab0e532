"""A network as a flat graph of a few kinds of layer, batch norm folded and ReLU fused: what is calibrated and lowered."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.fx.experimental.optimization import fuse
from torch.fx.passes.shape_prop import ShapeProp

from core.engines.program import Pair, Window
from core.errors import LoweringError

Kind = Literal["input", "conv2d", "linear", "max_pool", "average_pool", "concat", "add", "relu", "flatten"]


@dataclass(frozen=True)
class Node:
    """One layer in FP32. `relu` says that a ReLU follows it at once; `shape` is the output's, without the batch."""

    name: str
    layer: str
    kind: Kind
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    weight: Tensor | None = field(default=None, repr=False)
    bias: Tensor | None = field(default=None, repr=False)
    window: Window = Window((1, 1))
    groups: int = 1
    relu: bool = False


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which they can be computed; `outputs` are the names of the network's results."""

    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]

    def __getitem__(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    def users(self, name: str) -> list[Node]:
        return [node for node in self.nodes if name in node.inputs]

    def leading_to(self, output: str) -> Graph:
        """The graph of this output alone: a classifier without the box head beside it."""
        wanted = {output}
        for node in reversed(self.nodes):
            if node.name in wanted:
                wanted.update(node.inputs)
        return Graph(tuple(node for node in self.nodes if node.name in wanted), (output,))

    @property
    def weighted(self) -> tuple[Node, ...]:
        """The layers that hold weights, in order."""
        return tuple(node for node in self.nodes if node.weight is not None)


def fold(network: nn.Module) -> fx.GraphModule:
    """A copy of the network in evaluation mode with every batch norm folded into the convolution before it."""
    return cast(fx.GraphModule, fuse(copy.deepcopy(network).eval()))


def trace(folded: fx.GraphModule, side: int) -> Graph:
    """The graph of a folded network for pictures [1, 3, side, side]. Raises LoweringError naming what has no integer form."""
    device = next(folded.parameters()).device
    with torch.no_grad():
        ShapeProp(folded).propagate(torch.zeros(1, 3, side, side, device=device))
    tracer = _Tracer(folded)
    for node in folded.graph.nodes:
        tracer.visit(node)
    return _fuse_relu(Graph(tuple(tracer.nodes), tracer.outputs))


class _Tracer:
    """Translate fx nodes one by one; `names` maps each fx node to the graph node that holds its value."""

    def __init__(self, folded: fx.GraphModule) -> None:
        self.modules = dict(folded.named_modules())
        self.nodes: list[Node] = []
        self.names: dict[fx.Node, str] = {}
        self.outputs: tuple[str, ...] = ()

    def visit(self, node: fx.Node) -> None:
        if node.op == "output":
            results = node.args[0] if isinstance(node.args[0], tuple | list) else (node.args[0],)
            self.outputs = tuple(self.names[cast(fx.Node, result)] for result in results)
        elif node.op == "placeholder":
            self.add(node, "input", inputs=())
        else:
            self._layer(node)

    def _layer(self, node: fx.Node) -> None:
        module = self.modules[cast(str, node.target)] if node.op == "call_module" else None
        key: Any = type(module) if module is not None else node.target
        if key not in _TRANSLATIONS:
            raise LoweringError(
                f"{_layer_name(node)} ({getattr(key, '__name__', key)}) has no integer form.",
                "Replace it by a layer that Bitlens lowers, or run the network in a float format.",
            )
        _TRANSLATIONS[key](self, node, module)

    def add(self, node: fx.Node, kind: Kind, inputs: tuple[str, ...] | None = None, **details: Any) -> None:
        names = self._inputs(node) if inputs is None else inputs
        self.nodes.append(Node(node.name, _layer_name(node), kind, names, _shape(node), **details))
        self.names[node] = node.name

    def skip(self, node: fx.Node) -> None:
        """The value passes unchanged (dropout, a pool whose output has the input's size)."""
        self.names[node] = self._inputs(node)[0]

    def _inputs(self, node: fx.Node) -> tuple[str, ...]:
        return tuple(self.names[source] for source in _tensors(node))


def _tensors(node: fx.Node) -> Iterator[fx.Node]:
    for argument in node.args:
        if isinstance(argument, fx.Node):
            yield argument
        elif isinstance(argument, tuple | list):
            yield from (item for item in argument if isinstance(item, fx.Node))


def _layer_name(node: fx.Node) -> str:
    """The network's own name: the module's path, or the fx name of a function."""
    return str(node.target) if node.op == "call_module" else node.name


def _shape(node: fx.Node) -> tuple[int, ...]:
    return tuple(node.meta["tensor_meta"].shape[1:])


def _pair(value: Any) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _conv2d(tracer: _Tracer, node: fx.Node, conv: nn.Conv2d) -> None:
    if conv.padding_mode != "zeros" or isinstance(conv.padding, str):
        raise LoweringError(f"{node.target} pads with {conv.padding_mode}.", "Use a convolution that pads with zeros.")
    window = Window(_pair(conv.kernel_size), _pair(conv.stride), _pair(conv.padding), _pair(conv.dilation))
    bias = torch.zeros(conv.out_channels) if conv.bias is None else conv.bias.detach()
    tracer.add(node, "conv2d", weight=conv.weight.detach(), bias=bias, window=window, groups=conv.groups)


def _linear(tracer: _Tracer, node: fx.Node, linear: nn.Linear) -> None:
    bias = torch.zeros(linear.out_features) if linear.bias is None else linear.bias.detach()
    tracer.add(node, "linear", weight=linear.weight.detach(), bias=bias)


def _max_pool(tracer: _Tracer, node: fx.Node, pool: nn.MaxPool2d) -> None:
    stride = pool.kernel_size if pool.stride is None else pool.stride
    window = Window(_pair(pool.kernel_size), _pair(stride), _pair(pool.padding), _pair(pool.dilation), pool.ceil_mode)
    tracer.add(node, "max_pool", window=window)


def _average_pool(tracer: _Tracer, node: fx.Node, pool: nn.AvgPool2d) -> None:
    if pool.ceil_mode or pool.divisor_override or _pair(pool.padding) != (0, 0):
        raise LoweringError(f"{node.target} averages windows of unequal size.", "Use an average pool without padding.")
    stride = pool.kernel_size if pool.stride is None else pool.stride
    tracer.add(node, "average_pool", window=Window(_pair(pool.kernel_size), _pair(stride)))


def _adaptive_pool(tracer: _Tracer, node: fx.Node, _: Any) -> None:
    source = next(_tensors(node)).meta["tensor_meta"].shape[2:]
    target = _shape(node)[1:]
    if tuple(source) == tuple(target):
        return tracer.skip(node)
    if any(big % small for big, small in zip(source, target, strict=True)):
        raise LoweringError(
            f"{node.target} averages {tuple(source)} down to {tuple(target)} with windows of unequal size.",
            "Choose a picture size that the pool's output divides.",
        )
    kernel = (source[0] // target[0], source[1] // target[1])
    tracer.add(node, "average_pool", window=Window(kernel, kernel))
    return None


def _simple(kind: Kind) -> Callable[[_Tracer, fx.Node, Any], None]:
    return lambda tracer, node, _: tracer.add(node, kind)


def _add(tracer: _Tracer, node: fx.Node, _: Any) -> None:
    shapes = {_shape(source) for source in _tensors(node)}
    if len(list(_tensors(node))) != 2 or len(shapes) != 1 or node.kwargs.get("alpha", 1) != 1:
        raise LoweringError(
            f"{node.name} adds something else than two layers' outputs of one shape.",
            "Add two outputs as they are, or run the network in a float format.",
        )
    tracer.add(node, "add")


def _concat(tracer: _Tracer, node: fx.Node, _: Any) -> None:
    dimension = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
    if dimension not in (1, 1 - len(_shape(node)) - 1):
        raise LoweringError(f"{node.name} joins along dimension {dimension}.", "Join along the channels.")
    tracer.add(node, "concat")


def _flatten(tracer: _Tracer, node: fx.Node, module: nn.Flatten | None) -> None:
    given = (*node.args[1:], *(None,) * 2)
    start = module.start_dim if module else node.kwargs.get("start_dim", given[0] or 0)
    end = module.end_dim if module else node.kwargs.get("end_dim", -1 if given[1] is None else given[1])
    if start != 1 or end not in (-1, len(_shape(next(_tensors(node))))):
        raise LoweringError(
            f"{node.name} flattens dimensions {start} to {end}.", "Flatten from dimension 1 to the last."
        )
    tracer.add(node, "flatten")


def _skip(tracer: _Tracer, node: fx.Node, _: Any) -> None:
    tracer.skip(node)


_TRANSLATIONS: dict[Any, Callable[[_Tracer, fx.Node, Any], None]] = {
    nn.Conv2d: _conv2d,
    nn.Linear: _linear,
    nn.MaxPool2d: _max_pool,
    nn.AvgPool2d: _average_pool,
    nn.AdaptiveAvgPool2d: _adaptive_pool,
    nn.ReLU: _simple("relu"),
    F.relu: _simple("relu"),
    torch.relu: _simple("relu"),
    operator.add: _add,
    torch.add: _add,
    torch.cat: _concat,
    nn.Flatten: _flatten,
    torch.flatten: _flatten,
    nn.Dropout: _skip,
    F.dropout: _skip,
    nn.Identity: _skip,
}


def _fuse_relu(graph: Graph) -> Graph:
    """Mark each conv2d, linear or add whose only user is a ReLU, and drop that ReLU; a second ReLU does nothing."""
    renamed: dict[str, str] = {}
    fused: dict[str, Node] = {node.name: node for node in graph.nodes}
    for node in graph.nodes:
        if node.kind != "relu":
            continue
        source = fused[renamed.get(node.inputs[0], node.inputs[0])]
        alone = len(graph.users(node.inputs[0])) == 1
        if source.relu or (source.kind in ("conv2d", "linear", "add") and alone):
            fused[source.name] = replace(source, relu=True)
            renamed[node.name] = source.name
            del fused[node.name]
    nodes = (replace(node, inputs=tuple(renamed.get(name, name) for name in node.inputs)) for node in fused.values())
    return Graph(tuple(nodes), tuple(renamed.get(name, name) for name in graph.outputs))
