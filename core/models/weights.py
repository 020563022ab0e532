"""Weights by name: what there is, whether it is here, and a network loaded with it and all that travels along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.download import Report, download, remedies
from core.errors import RequestError, WeightsError
from core.models import cards, files, retrained
from core.models.catalog import architecture
from core.models.fit import Layout, build, fit
from core.models.kinds import KINDS
from core.models.labels import labels
from core.models.preprocessing import Preprocessing
from core.models.published import PUBLISHED
from core.models.retrained import Retrained

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class WeightsSet:
    """Weights of all three networks, trained on the same data.

    `kind` says which of core.models.kinds they are for; `published` that torchvision publishes them and they are fetched on
    request, where others ship with Bitlens. `options` are what `train` and `publish` must be told besides name and network.
    """

    name: str
    title: str
    licence: str
    kind: str
    published: bool
    options: tuple[str, ...] = ()


WEIGHTS = {
    entry.name: entry
    for entry in (
        WeightsSet(
            "photos",
            "Photos (200 classes)",
            "Derived from Tiny ImageNet (CS231N), a subset of ImageNet: for non-commercial research and education only.",
            kind="compact",
            published=False,
            options=("--data", "FOLDER"),
        ),
        WeightsSet(
            "signs",
            "Signs (60 classes)",
            "Trained on pictures that this repository draws: under the MIT licence, as its code is.",
            kind="small",
            published=False,
        ),
        WeightsSet(
            "imagenet",
            "ImageNet (1000 classes)",
            "Published by torchvision, trained on ImageNet: for non-commercial research and education only.",
            kind="full",
            published=True,
        ),
    )
}


@dataclass(frozen=True)
class LoadedNetwork:
    """A network ready to answer, and what its answers mean.

    `module` is in eval mode, FP32 and shared: copy it before changing it. `fingerprint` is the SHA-256 of the file.
    `calibration` is the file of statistics that shipped with the weights, None where there is none; `retrained` the record of
    weights that were retrained.
    """

    network: str
    weights: str
    module: nn.Module = field(repr=False)
    preprocessing: Preprocessing
    labels: tuple[str, ...] = field(repr=False)
    fingerprint: str
    has_box: bool
    card: cards.Card = field(repr=False)
    calibration: Path | None = None
    retrained: Retrained | None = None


@dataclass(frozen=True)
class Availability:
    """Whether weights are on this machine; if not, why, and what to do. `bytes` is the file's size, 0 where unknown."""

    present: bool
    reason: str
    remedy: str
    bytes: int


def load_network(network: str, weights: str) -> LoadedNetwork:
    """Load `network` with `weights`: `photos`, `signs`, `imagenet`, or the path of a file.

    Raises RequestError for an unknown name; WeightsError for weights that are absent, damaged or of another network.
    """
    architecture(network)
    if weights not in WEIGHTS:
        return _load_file(network, weights)
    state = availability(network, weights)
    if not state.present:
        raise WeightsError(state.reason, state.remedy)
    chosen = WEIGHTS[weights]
    return _load_published(network, chosen) if chosen.published else _load_shipped(network, chosen)


def availability(network: str, weights: str) -> Availability:
    """Whether `load_network` will find its file. Imports no torch, and reads a published file only to check its sum."""
    title = architecture(network).title
    if weights not in WEIGHTS:
        return _file_availability(_path(weights))
    if WEIGHTS[weights].published:
        return _published_availability(network)
    path = cards.weights_file(network, weights)
    if path.is_file():
        return Availability(True, "", "", path.stat().st_size)
    command = " ".join(("python -m core train", weights, "--network", network, *WEIGHTS[weights].options))
    return Availability(
        False,
        f"The {weights} weights of {title} are not in this copy of Bitlens: assets/weights/{path.name} is missing.",
        f"Restore the file, or train it: {command}.",
        0,
    )


def file_of(network: str, weights: str) -> Path:
    """The file that `load_network` reads. Raises WeightsError where it is not here."""
    state = availability(network, weights)
    if not state.present:
        raise WeightsError(state.reason, state.remedy)
    if weights not in WEIGHTS:
        return _path(weights)
    published = PUBLISHED[network].find().right if WEIGHTS[weights].published else None
    return published or cards.weights_file(network, weights)


def labels_of(weights: str) -> str:
    """Which list of core.models.labels the outputs count in: `photos`, `signs`, `imagenet`. Builds no network.

    Raises RequestError for an unknown name, WeightsError for a file that is not here or holds no network.
    """
    if weights in WEIGHTS:
        return KINDS[WEIGHTS[weights].kind].labels
    path = _path(weights)
    files.check_file(path)
    record = retrained.read(path)
    return KINDS[identify(path).kind].labels if record is None else record.labels


def identify(path: Path) -> Layout:
    """Which network a file holds, from the names and shapes of its tensors. Raises WeightsError."""
    return fit(path.name, files.read_tensors(path))


def fetch(network: str, report: Report, cancelled: Callable[[], bool] = lambda: False) -> Path:
    """Download the `imagenet` weights of `network`, if they are not here. Raises WeightsError or Cancelled."""
    architecture(network)
    published = PUBLISHED[network]
    found = published.find()
    if found.right:
        return found.right
    if found.wrong == published.target:
        state = _published_availability(network)
        raise WeightsError(state.reason, state.remedy)
    return download(published.source, published.target, report, cancelled)


def _path(weights: str) -> Path:
    if Path(weights).suffix.lower() in files.SUFFIXES or Path(weights).is_file():
        return Path(weights).expanduser()
    raise RequestError(
        f"There are no weights named {weights!r}.",
        f"Choose {', '.join(WEIGHTS)}, or the path of a .safetensors or .pth file.",
    )


def _file_availability(path: Path) -> Availability:
    try:
        files.check_file(path)
    except WeightsError as error:
        return Availability(False, error.message, error.remedy, 0)
    return Availability(True, "", "", path.stat().st_size)


def _published_availability(network: str) -> Availability:
    published, title = PUBLISHED[network], architecture(network).title
    found = published.find()
    if found.right:
        return Availability(True, "", "", found.right.stat().st_size)
    if found.wrong:
        return Availability(
            False,
            f"{found.wrong} is not the file that torchvision publishes under this name: its checksum differs.",
            "Move it away and fetch the published one; to use it as it is, give it another name and pass its path.",
            published.bytes,
        )
    return Availability(
        False,
        f"The imagenet weights of {title} ({published.bytes / 1e6:,.0f} MB) are not on this machine.",
        remedies(published.target),
        published.bytes,
    )


def _load_shipped(network: str, chosen: WeightsSet) -> LoadedNetwork:
    path = cards.weights_file(network, chosen.name)
    card = cards.read_card(path)
    if card["sha256"] != files.sha256(path):
        raise WeightsError(
            f"{path.name} is not the file that its card describes: the checksum differs.",
            f"Restore both with: git checkout assets/weights/{path.name} assets/weights/{cards.card_file(path).name}.",
        )
    layout, module = _read(path, network, chosen.kind)
    statistics = cards.calibration_file(path)
    return _loaded(layout, path, module, card, statistics if statistics.is_file() else None)


def _load_published(network: str, chosen: WeightsSet) -> LoadedNetwork:
    published = PUBLISHED[network]
    path = published.find().right
    if path is None:
        raise WeightsError(f"{published.file} is no longer here.", remedies(published.target))
    layout, module = _read(path, network, chosen.kind)
    card = cards.new_card(chosen.name, layout, module, chosen.licence, published.source.url)
    return _loaded(layout, path, module, card | {"top1": published.top1, "top5": published.top5})


def _load_file(network: str, weights: str) -> LoadedNetwork:
    path = _path(weights)
    record = retrained.read(path)
    layout, module = _read(path, network, record=record)
    card = cards.new_card(weights, layout, module, "As the file's author states.", str(path))
    if record is not None and record.network != network:
        raise WeightsError(
            f"{path.name} holds {layout.title}, but says that it is {record.network}.", "Retrain it anew."
        )
    return _loaded(layout, path, module, card if record is None else card | retrained.facts(record), retrained=record)


def _read(
    path: Path, network: str, kind: str | None = None, record: Retrained | None = None
) -> tuple[Layout, nn.Module]:
    tensors = files.read_tensors(path)
    if record is not None:
        tensors = retrained.real(record, tensors)
    layout = fit(path.name, tensors, network, kind)
    return layout, build(path.name, layout, tensors)


def _loaded(
    layout: Layout,
    path: Path,
    module: nn.Module,
    card: cards.Card,
    calibration: Path | None = None,
    retrained: Retrained | None = None,
) -> LoadedNetwork:
    return LoadedNetwork(
        network=layout.network,
        weights=card["weights"],
        module=module,
        preprocessing=Preprocessing.from_dict(card["preprocessing"]),
        labels=labels(card["labels"]),
        fingerprint=files.sha256(path),
        has_box=KINDS[layout.kind].has_box,
        card=card,
        calibration=calibration,
        retrained=retrained,
    )
