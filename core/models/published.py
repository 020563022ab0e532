"""The full networks' weights as torchvision publishes them: under which name, and where they are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core import settings
from core.download import Source
from core.errors import WeightsError
from core.models.files import sha256

ADDRESS = "https://download.pytorch.org/models/"


@dataclass(frozen=True)
class Found:
    """The file with the `right` checksum, and one under the same name with a `wrong` one; None where there is none."""

    right: Path | None
    wrong: Path | None


@dataclass(frozen=True)
class Published:
    """torchvision's IMAGENET1K_V1 entry of a network, written out because asking torchvision for it takes seconds.

    `file` ends in the first 8 digits of its SHA-256. `top1` and `top5` are torchvision's, in percent, on ImageNet's
    validation pictures.
    """

    file: str
    mebibytes: float
    top1: float
    top5: float

    @property
    def bytes(self) -> int:
        """To about 500 bytes: torchvision states MiB with three decimals."""
        return round(self.mebibytes * 2**20)

    @property
    def source(self) -> Source:
        digest = Path(self.file).stem.rpartition("-")[2]
        return Source(ADDRESS + self.file, digest, "sha256", WeightsError, "BITLENS_WEIGHTS")

    @property
    def target(self) -> Path:
        """Where it is downloaded to."""
        return settings.weights_folders()[0] / self.file

    def find(self) -> Found:
        """Look under its name in every weights folder, and check the sums of what is there."""
        there = [folder / self.file for folder in settings.weights_folders() if (folder / self.file).is_file()]
        right = [path for path in there if sha256(path).startswith(self.source.digest)]
        wrong = [path for path in there if path not in right]
        return Found(next(iter(right), None), next(iter(wrong), None))


PUBLISHED = {
    "vgg16": Published("vgg16-397923af.pth", 527.796, 71.592, 90.382),
    "googlenet": Published("googlenet-1378be20.pth", 49.731, 69.778, 89.530),
    "squeezenet": Published("squeezenet1_1-b8a52dc0.pth", 4.729, 58.178, 80.624),
}
