"""What a retraining is to do, as a value: what a job of this kind keeps, and what is begun again from its start."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from core.datasets.opening import settled
from core.errors import RequestError
from core.formats import number_format
from core.models import regimes
from core.models.catalog import architecture
from core.models.retrained import make_folder
from core.models.weights import labels_of
from core.quantization.options import Options, budget, check_retrainable
from core.training import material
from core.variant import Variant

KIND = "retrain"
SCHEMA = 1


@dataclass(frozen=True)
class RetrainPlan:
    """Retrain `network` with `weights` for `format` on the set `data`, and write `target`, a .safetensors file.

    `scored` is how many pictures of the test split are scored; None takes all, of Signs 2,000.
    """

    network: str
    weights: str
    format: str
    data: str
    options: Options
    target: str
    scored: int | None = None

    @property
    def before(self) -> Variant:
        """What is retrained, as it is without: RAW, or a retrained file that is retrained further."""
        return Variant(self.network, self.weights, self.format, regimes.regime_of(self.weights))

    @property
    def after(self) -> Variant:
        return Variant(self.network, self.target, self.format, "retrain")

    @property
    def has_control(self) -> bool:
        """Not FP32 itself; and a file that was retrained for a format cannot be retrained for FP32."""
        return self.format != regimes.CONTROL and self.before.regime == "raw"

    @property
    def as_control(self) -> RetrainPlan:
        """The same training in FP32, which has no fractional lengths to search for; whatever file it writes."""
        options = replace(self.options, lengths="frozen")
        return replace(self, format=regimes.CONTROL, options=options, target="")

    @property
    def title(self) -> str:
        """SqueezeNet FIXED-5."""
        return f"{architecture(self.network).title} {number_format(self.format).title}"

    def to_json(self) -> str:
        return json.dumps({"schema": SCHEMA, **asdict(self)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> RetrainPlan:
        """The inverse of `to_json`. Raises RequestError for anything else."""
        try:
            values: dict[str, Any] = json.loads(text)
            if values.pop("schema") != SCHEMA:
                raise ValueError("another schema")
            return cls(**values | {"options": Options.from_dict(values["options"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RequestError(f"This is not the plan of a retraining ({error}).", "Begin a new one.") from error


def plan_of(
    network: str,
    weights: str,
    format: str,
    options: Options | None = None,
    data: str = "",
    target: Path | None = None,
    scored: int | None = None,
) -> RetrainPlan:
    """A plan that can be begun: with the budget of the weights' kind and on their own set, unless others are named.

    `target` is where regime retrain looks unless another file is named. Raises BitlensError before any work, where something
    is wrong that can be known by then.
    """
    labels, name = labels_of(weights), number_format(format).name
    options = options or budget(labels)
    check_retrainable(number_format(name), options)
    regimes.check_parent(Variant(network, weights, name))
    data = settled(material.named(data, labels))
    target = target or regimes.target(network, weights, name)
    _check_target(target, weights)
    material.check(data, labels)
    return RetrainPlan(network, weights, name, data, options, str(target.absolute()), scored)


def _check_target(target: Path, weights: str) -> None:
    if target.absolute() == Path(weights).expanduser().absolute():
        raise RequestError(f"{target.name} would be overwritten, and is retrained.", "Give another --output.")
    if target.suffix != ".safetensors":
        raise RequestError(f"{target} is no name for retrained weights.", "Give one that ends in .safetensors.")
    make_folder(target)
