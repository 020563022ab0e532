"""A data set and networks made by hand: a picture's red is its class, its green its number, and the answers follow from both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from core.errors import DataError
from core.jobs.database import Database
from core.jobs.records import new_owner
from core.jobs.store import JobStore
from core.models.labels import labels
from core.models.preprocessing import COMPACT, FULL, Preprocessing
from core.quantization.graph import Graph, Node
from core.quantization.prepare import Executable
from core.sweeps.plan import Plan
from core.sweeps.store import SweepStore
from core.variant import Variant

CLASSES = 5
NAMES = labels("photos")[:CLASSES]
WIDTH = 200
Answer = Callable[[int, int], Sequence[float]]


class FakeSet:
    """`total` pictures, whose classes go round; `broken` cannot be read, and `labelled` says whether classes are known."""

    def __init__(
        self,
        total: int = 20,
        classes: Sequence[str] = NAMES,
        broken: Sequence[int] = (),
        labelled: bool = True,
        fingerprint: str = "of the set",
    ) -> None:
        self.classes = tuple(classes) if labelled else ()
        self.synsets: tuple[str | None, ...] = (None,) * len(self.classes)
        self.name, self.fingerprint = "by hand", fingerprint
        self.notes: tuple[str, ...] = ()
        self.read: Counter[int] = Counter()
        self._total, self._broken, self._labelled = total, broken, labelled

    def __len__(self) -> int:
        return self._total

    def title(self, index: int) -> str:
        return f"{index}.png"

    def picture(self, index: int) -> Image.Image:
        self.read[index] += 1
        if index in self._broken:
            raise DataError(f"{index}.png cannot be decoded.", "Save it again.")
        return Image.new("RGB", (80, 64), (index % CLASSES, index, 0))

    def label(self, index: int) -> int | None:
        return index % CLASSES if self._labelled else None


def one_hot(index: int, score: float = 3.0) -> list[float]:
    return [score if place == index else 0.0 for place in range(WIDTH)]


ANSWERS: dict[str, Answer] = {
    "fp32": lambda label, index: one_hot(label),
    # Wrong for every fourth picture, which it takes for the next class.
    "fixed8": lambda label, index: one_hot(label + (index % 4 == 0)),
    "bf16": lambda label, index: one_hot(label),
    "fixed4": lambda label, index: [0.0] * WIDTH,
    "fp16": lambda label, index: one_hot(label, float("nan") if index == 7 else 3.0),
}


class FakeNetworks:
    """Answers by format, as ANSWERS has them. `runs` counts the pictures of each variant, `held_bytes` is each one's size."""

    def __init__(self, held_bytes: int = 0, answers: dict[str, Answer] | None = None) -> None:
        self.runs: list[tuple[str, str, int]] = []
        self.threads: set[int] = set()
        self.weights_sha256 = "of the weights"
        self.retrained: dict[Variant, Any] = {}
        self._held, self._answers = held_bytes, ANSWERS | (answers or {})

    def of(self, variant: Variant) -> Any:
        return SimpleNamespace(
            loaded=SimpleNamespace(
                preprocessing=_preprocessing(variant.network),
                fingerprint=self.weights_sha256,
                card={"labels": "photos"},
                retrained=self.retrained.get(variant),
            ),
            graph=Graph((Node("x", "x", "input", (), (3, 64, 64)),), ("x",)),
            folded=nn.Identity(),
        )

    def executable(self, variant: Variant, device: str = "cpu") -> Executable:
        def run(x: Tensor) -> tuple[Tensor, ...]:
            self.runs.append((variant.network, variant.format, len(x)))
            self.threads.add(torch.get_num_threads())
            return (torch.tensor([self._answers[variant.format](*seen(one, variant.network)) for one in x]).double(),)

        emulated = variant.number_format.kind != "float"
        engine, arithmetic = ("reference", "emulated") if emulated else ("torch", "native")
        return Executable(run, engine, arithmetic, 1000, ("softmax",), "by hand", held_bytes=self._held)


def _preprocessing(network: str) -> Preprocessing:
    return FULL if network == "vgg16" else COMPACT


def seen(x: Tensor, network: str = "squeezenet") -> tuple[int, int]:
    """A preprocessed picture's red and green: its class and its number."""
    like = _preprocessing(network)
    values = [round(255 * (float(x[c, 0, 0]) * like.std[c] + like.mean[c])) for c in (0, 1)]
    return values[0], values[1]


def plan(**changes: Any) -> Plan:
    chosen = {"networks": ("squeezenet",), "weights": ("photos",), "formats": ("fp32", "fixed8"), "data": "fake"}
    return Plan(**(chosen | changes))


def begun(path: Path, chosen: Plan) -> SweepStore:
    """A store in which the plan is a job that this process carries out."""
    jobs = JobStore(Database(path / "jobs.sqlite"))
    job, owner = jobs.add("sweep", chosen.to_json()), new_owner()
    assert jobs.claim(job.id, owner)
    return SweepStore(jobs, job.id, owner)
