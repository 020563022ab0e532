"""The networks, by name. A new network is one new file beside this one and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import RequestError

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Architecture:
    """A network's name as written and as shown, and the module under core/models that builds it."""

    name: str
    title: str
    module: str

    def builder(self, kind: str) -> Callable[[], nn.Module]:
        """Of one of core.models.kinds, such as `compact`: [n, 3, 64, 64] to scores [n, 200] and boxes [n, 4]."""
        import importlib

        return getattr(importlib.import_module(f"core.models.{self.module}"), kind)  # type: ignore[no-any-return]


ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        Architecture("vgg16", "VGG-16", "vgg16"),
        Architecture("googlenet", "GoogLeNet", "googlenet"),
        Architecture("squeezenet", "SqueezeNet", "squeezenet"),
    )
}


def architecture(name: str) -> Architecture:
    if name not in ARCHITECTURES:
        raise RequestError(f"There is no network named {name!r}.", f"Choose from: {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]
