"""FIXED-N with a width for each layer: what a mixed assignment is, and the fractional lengths that go with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.errors import RequestError
from core.formats import NARROWEST, WIDEST, NumberFormat
from core.quantization.fixed_point import Lengths
from core.quantization.graph import Graph
from core.quantization.groups import scale_groups


@dataclass(frozen=True)
class Mixed:
    """`base`, a FIXED-N format, with weights and activations of other widths where these are named.

    `weights` are bits of a layer's weights by node name, `activations` bits of a scale group's values by group name.
    """

    base: NumberFormat
    weights: Mapping[str, int] = field(default_factory=dict)
    activations: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises RequestError for a base that is not fixed point, and for widths that FIXED-N does not have."""
        widths = (*self.weights.values(), *self.activations.values())
        if widths and self.base.kind != "fixed":
            raise RequestError(f"{self.base.title} has one width for all layers.", "Take FIXED-N as the base.")
        wrong = [bits for bits in widths if not NARROWEST <= bits <= WIDEST]
        if wrong:
            raise RequestError(f"A layer cannot have {wrong[0]} bits.", f"Give {NARROWEST} to {WIDEST}.")

    def weight_bits_of(self, layer: str) -> int:
        return self.weights.get(layer, self.base.weight_bits)

    def activation_bits_of(self, group: str) -> int:
        return self.activations.get(group, self.base.activation_bits)


def mixed_lengths(graph: Graph, widths: Mixed, lengths: Callable[[int], Lengths]) -> Lengths:
    """Each tensor's fractional length from those of its own width: `lengths(4)` are what FIXED-4 would have.

    So a uniform assignment has exactly the lengths of wXaY, which are composed in the same way. Raises RequestError for a layer
    or a group that the graph does not have.
    """
    groups = dict.fromkeys(scale_groups(graph).values())
    layers = [node.name for node in graph.weighted]
    unknown = [*(widths.weights.keys() - set(layers)), *(widths.activations.keys() - groups.keys())]
    if unknown:
        raise RequestError(f"The network has no layer named {min(unknown)!r}.", f"Choose from: {', '.join(layers)}.")
    weights = {layer: lengths(widths.weight_bits_of(layer)).weights[layer] for layer in layers}
    activations = {group: lengths(widths.activation_bits_of(group)).activations[group] for group in groups}
    return Lengths(weights, activations)
