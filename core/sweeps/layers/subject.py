"""The network whose layers are tried: programs of any assignment of widths, and the layers by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from core.engines.program import Program
from core.errors import RequestError
from core.formats import NumberFormat, number_format
from core.quantization.fixed_point import Lengths
from core.quantization.groups import scale_groups
from core.quantization.lower import lower
from core.quantization.mixed import Mixed, mixed_lengths
from core.quantization.prepare import Prepared, quantizers
from core.sweeps.layers.records import Layer
from core.variant import Calibration

WIDE, BASE = number_format("fixed16"), number_format("fixed8")


class Subject:
    """Of a prepared network the part that the classes depend on; a box head beside it says nothing about them."""

    def __init__(self, prepared: Prepared, calibration: Calibration) -> None:
        """Raises RequestError for retrained weights, which fit the widths that they were trained under alone."""
        record = prepared.loaded.retrained
        if record is not None:
            title = number_format(record.format).title
            raise RequestError(
                f"These weights were retrained for {title}: other widths do not fit them.",
                "Give the weights that they were retrained from.",
            )
        self.graph = prepared.graph.leading_to(prepared.graph.outputs[0])
        self.layers = tuple(
            Layer(node.name, node.layer, node.weight.numel()) for node in self.graph.weighted if node.weight is not None
        )
        names = {layer.name for layer in self.layers}
        self.left_out = tuple(node.layer for node in prepared.graph.weighted if node.name not in names)
        self._groups = scale_groups(self.graph)
        self._chosen = cache(lambda bits: quantizers(prepared, number_format(f"fixed{bits}"), calibration))

    def lengths(self, bits: int) -> Lengths:
        """Those that FIXED-N has, searched for where they were."""
        found = self._chosen(bits)[0]
        assert isinstance(found, Lengths)
        return found

    def calibrated(self, widths: Sequence[int]) -> tuple[dict[str, str], bool]:
        """How each width's lengths were chosen, by the format's title, and whether a search is missing for any."""
        found = {number_format(f"fixed{bits}").title: self._chosen(bits) for bits in widths}
        return {title: words for title, (_, words, _) in found.items()}, any(early for *_, early in found.values())

    def program(self, widths: Mixed) -> Program:
        return lower(self.graph, mixed_lengths(self.graph, widths, self.lengths), widths)

    def mixed(self, bits: Sequence[int], base: NumberFormat = BASE) -> Program:
        """Weights of so many bits, layer by layer; activations of the base."""
        return self.program(Mixed(base, self.by_name(bits)))

    def alone(self, layer: str, bits: int) -> Program:
        """This layer's weights and output at `bits`, all else at 16.

        What a concat or a max-pool joins with the output shares its scale and so its width. The last layer's output is the
        accumulator, which is not rounded.
        """
        group = self._groups.get(layer)
        return self.program(Mixed(WIDE, {layer: bits}, {} if group is None else {group: bits}))

    def by_name(self, bits: Sequence[int]) -> Mapping[str, int]:
        return {layer.name: one for layer, one in zip(self.layers, bits, strict=True)}
