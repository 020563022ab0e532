"""How the compact networks are trained: everything that decides the outcome, in one record that goes into the card."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import RequestError


@dataclass(frozen=True)
class Stage:
    """Some epochs at one picture side: small pictures first, so that most steps are cheap."""

    epochs: int
    side: int


@dataclass(frozen=True)
class Recipe:
    stages: tuple[Stage, ...] = (Stage(8, 32), Stage(3, 48), Stage(2, 64))
    batch: int = 128
    peak_rate: float = 0.02
    warm_up: float = 0.05
    momentum: float = 0.95
    weight_decay: float = 0.1
    label_smoothing: float = 0.1
    box_weight: float = 0.25
    smallest_crop: float = 0.75
    mirror: bool = True
    seed: int = 0

    @property
    def epochs(self) -> int:
        return sum(stage.epochs for stage in self.stages)

    def side(self, epoch: int) -> int:
        """The picture side of an epoch: with the default stages, epoch 7 is 32 and epoch 8 is 48."""
        for stage in self.stages:
            if epoch < stage.epochs:
                return stage.side
            epoch -= stage.epochs
        return self.stages[-1].side

    def rate(self, progress: float) -> float:
        """One cycle: up in a line from a tenth, then down in a line to a thousandth; `progress` runs from 0 to 1."""
        if progress < self.warm_up:
            return self.peak_rate * (0.1 + 0.9 * progress / self.warm_up)
        return self.peak_rate * (0.001 + 0.999 * (1 - progress) / (1 - self.warm_up))

    @property
    def schedule(self) -> str:
        """The stages as the command line takes them: 8x32,3x48,2x64."""
        return ",".join(f"{stage.epochs}x{stage.side}" for stage in self.stages)

    @property
    def options(self) -> str:
        """As `train` takes them: --stages 8x32,3x48,2x64 --weight-decay 0.1 --seed 0."""
        return f"--stages {self.schedule} --weight-decay {self.weight_decay:g} --seed {self.seed}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """The inverse of `as_dict`."""
        return cls(**{**values, "stages": tuple(Stage(**stage) for stage in values["stages"])})


def parse_stages(text: str) -> tuple[Stage, ...]:
    """`8x32,3x48,2x64` as stages. Raises RequestError."""
    pairs = [re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", part.strip()) for part in text.split(",")]
    if not all(pairs):
        raise RequestError(
            f"{text} names no stages.", "Give epochs x side, with commas between, such as 8x32,3x48,2x64."
        )
    return tuple(Stage(int(pair[1]), int(pair[2])) for pair in pairs if pair)
