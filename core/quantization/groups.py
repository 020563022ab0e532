"""Which edges must share one scale: a concat and a max-pool only copy, so their inputs and outputs are one group."""

from __future__ import annotations

from core.quantization.graph import Graph, Node

COPYING = ("concat", "max_pool", "relu", "flatten")


def scale_groups(graph: Graph) -> dict[str, str]:
    """Each node's group, named after the group's first node. Accumulators (see `accumulators`) belong to none."""
    parent = {node.name: node.name for node in graph.nodes}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    for node in graph.nodes:
        if node.kind in COPYING:
            members = {root(name) for name in (*node.inputs, node.name)}
            first = next(candidate.name for candidate in graph.nodes if candidate.name in members)
            parent.update(dict.fromkeys(members, first))
    left_out = accumulators(graph)
    return {node.name: root(node.name) for node in graph.nodes if node.name not in left_out}


def accumulators(graph: Graph) -> frozenset[str]:
    """The last operations, which hand out their integer accumulator unrounded, and the flattening behind them."""
    found: set[str] = set()
    for name in graph.outputs:
        chain = [graph[name]]
        while chain[-1].kind == "flatten":
            chain.append(graph[chain[-1].inputs[0]])
        if _may_stay_wide(graph, chain):
            found.update(node.name for node in chain)
    return frozenset(found)


def _may_stay_wide(graph: Graph, chain: list[Node]) -> bool:
    """Only where nothing else reads the chain, and where no ReLU, which belongs to the rounding, ends it."""
    inner = chain[1:]
    last = chain[-1]
    arithmetic = last.kind in ("conv2d", "linear", "average_pool") and not last.relu
    return arithmetic and all(len(graph.users(node.name)) == 1 for node in inner) and not graph.users(chain[0].name)
