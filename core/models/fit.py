"""Which of the networks, and of which kind, a set of tensors fits, by names and shapes; and the network built from them.

Each has two layouts: as it was built, and folded, with its batch norms in the convolutions before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from core.errors import WeightsError
from core.models.catalog import ARCHITECTURES, architecture
from core.models.kinds import KINDS

if TYPE_CHECKING:
    from torch import Tensor, nn

Shape = tuple[int, ...]
# Counts training steps for a batch norm without momentum: no part of what a trained network computes.
_COUNTER = "num_batches_tracked"
_AUXILIARY = ("aux1.", "aux2.")  # GoogLeNet's side heads, of use in training only.


@dataclass(frozen=True)
class Layout:
    """A network's `kind` and the shape of each of its tensors; `folded` where its batch norms are."""

    network: str
    kind: str
    shapes: Mapping[str, Shape]
    folded: bool = False

    @property
    def classes(self) -> int:
        return KINDS[self.kind].classes

    @property
    def title(self) -> str:
        side, folded = KINDS[self.kind].side, ", batch norm folded" if self.folded else ""
        return f"{architecture(self.network).title} for {side} x {side} pictures and {self.classes:,} classes{folded}"

    def differences(self, shapes: Mapping[str, Shape]) -> list[str]:
        """What keeps tensors of `shapes` from fitting, in this network's own order; empty if they fit."""
        missing = [f"{key!r} is missing" for key in self.shapes if key not in shapes]
        wrong = [
            f"{key!r} is {_text(shapes[key])} where {_text(shape)} is expected"
            for key, shape in self.shapes.items()
            if key in shapes and shapes[key] != shape
        ]
        return wrong + missing + [f"{key!r} has no place in it" for key in shapes if key not in self.shapes]


def fit(name: str, tensors: Mapping[str, Tensor], network: str | None = None, kind: str | None = None) -> Layout:
    """The layout that the tensors of file `name` fit; `network` and `kind` narrow the choice.

    Raises WeightsError that names the file's network where it is another one, else what differs from the nearest.
    """
    shapes = {key: tuple(tensor.shape) for key, tensor in relevant(tensors).items()}
    near = min(_layouts(), key=lambda layout: len(layout.differences(shapes)))
    wanted = [layout for layout in _layouts() if network in (None, layout.network) and kind in (None, layout.kind)]
    found = min(wanted, key=lambda layout: len(layout.differences(shapes)))
    differences = found.differences(shapes)
    if not differences:
        return found
    if not near.differences(shapes):
        raise WeightsError(f"{name} holds {near.title}, not {found.title}.", _other(near, found))
    raise WeightsError(
        f"{name} does not fit {found.title}: {_some(differences)}.",
        "Give the state dict of one of the networks here: " + ", ".join(a.title for a in ARCHITECTURES.values()) + ".",
    )


def _other(near: Layout, found: Layout) -> str:
    if near.network == found.network:
        return f"Give a file of {found.title}."
    return f"Choose --network {near.network}, or a file of {architecture(found.network).title}."


def build(name: str, layout: Layout, tensors: Mapping[str, Tensor]) -> nn.Module:
    """The network in eval mode and FP32, from FP32, FP16 or BF16 tensors. Raises WeightsError for other types, NaN, infinity.

    It is made without values first, so that nothing is initialised at random and no generator moves.
    """
    import torch

    state = {key: _as_float32(name, key, tensor) for key, tensor in relevant(tensors).items()}
    network = _empty(layout.network, layout.kind, layout.folded)
    counters = {key: torch.zeros((), dtype=torch.long) for key in network.state_dict() if key.endswith(_COUNTER)}
    network.load_state_dict(state | counters, assign=True)
    return network.eval()


def relevant(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors that answers depend on: without step counters and GoogLeNet's auxiliary heads."""
    return {
        key: tensor for key, tensor in tensors.items() if not key.endswith(_COUNTER) and not key.startswith(_AUXILIARY)
    }


def _as_float32(name: str, key: str, tensor: Tensor) -> Tensor:
    import torch

    if tensor.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise WeightsError(
            f"{name} holds {key!r} as {str(tensor.dtype).removeprefix('torch.')}.",
            "Save the network as float32, float16 or bfloat16.",
        )
    values = tensor.detach().to(torch.float32).contiguous()
    if not values.isfinite().all():
        raise WeightsError(
            f"{name} holds NaN or infinite values in {key!r}.", "The training diverged: use an earlier state."
        )
    return values


@lru_cache
def _layouts() -> tuple[Layout, ...]:
    """Of a network without batch norm both layouts are the same: as built comes first, and is the one that is found."""
    return tuple(
        Layout(network, kind, _shapes(network, kind, folded), folded)
        for folded in (False, True)
        for network in ARCHITECTURES
        for kind in KINDS
    )


def _shapes(network: str, kind: str, folded: bool) -> dict[str, Shape]:
    return {key: tuple(tensor.shape) for key, tensor in relevant(_empty(network, kind, folded).state_dict()).items()}


def _empty(network: str, kind: str, folded: bool) -> nn.Module:
    """The network with shapes and no values."""
    import torch

    with torch.device("meta"):
        module = architecture(network).builder(kind)()
        if folded:
            _fold(module)
    return module


def _fold(module: nn.Module) -> None:
    """Take the batch norms out, and give every convolution the bias that holds their shifts."""
    import torch
    from torch import nn

    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, nn.Identity())
        elif isinstance(child, nn.Conv2d) and child.bias is None:
            child.bias = nn.Parameter(torch.empty(child.out_channels))
        else:
            _fold(child)


def _text(shape: Shape) -> str:
    return " x ".join(map(str, shape)) or "a single value"


def _some(differences: list[str], limit: int = 3) -> str:
    rest = len(differences) - limit
    return "; ".join(differences[:limit]) + (f"; and {rest} more" if rest > 0 else "")
