"""Where a network's calibration statistics come from: shipped with it, kept from an earlier run, or computed now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from core import settings
from core.errors import DataError
from core.formats import NumberFormat
from core.images.crop import Crop, crop_box, cut
from core.images.decode import decode
from core.images.samples import samples
from core.models.preprocessing import Preprocessing
from core.models.weights import LoadedNetwork
from core.quantization.calibrators import calibrator
from core.quantization.fixed_point import nearest_lengths
from core.quantization.graph import Graph
from core.quantization.search import Report, search
from core.quantization.statistics import Statistics, batches_of, collect

CROPS = (Crop(), *(Crop(x, y, 0.75) for x in (0.0, 1.0) for y in (0.0, 1.0)))
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
MOST_PICTURES = 512
SEARCH_START = "mse"


def statistics_for(loaded: LoadedNetwork, graph: Graph) -> Statistics:
    """Shipped statistics where there are some; else those kept in the cache folder for these very weights; else new ones."""
    if loaded.calibration is not None:
        return Statistics.load(loaded.calibration)
    kept = _kept(loaded)
    if kept.exists():
        return Statistics.load(kept)
    pictures, words = calibration_pictures(loaded.preprocessing)
    found = Statistics(collect(graph, batches_of(pictures, 8)), words)
    found.save(kept)
    return found


def search_and_keep(
    loaded: LoadedNetwork, graph: Graph, format: NumberFormat, budget_s: float, report: Report
) -> Statistics:
    """Search fractional lengths for one format and keep them with the statistics. Composed formats search each width."""
    pictures, words = calibration_pictures(loaded.preprocessing)
    statistics = statistics_for(loaded, graph)
    for bits in sorted({format.weight_bits, format.activation_bits}):
        statistics = with_search(statistics, graph, bits, pictures[:: len(CROPS)], budget_s, report)
    found = replace(statistics, searched_on=f"the centres of {words}")
    found.save(_kept(loaded))
    return found


def with_search(
    statistics: Statistics, graph: Graph, bits: int, pictures: Tensor, budget_s: float, report: Report
) -> Statistics:
    """The statistics with the lengths that a search for N = `bits` found from the least-squared-error start."""
    format = NumberFormat(f"fixed{bits}", f"FIXED-{bits}", "fixed", bits, bits, "")
    start = nearest_lengths(graph, statistics.ranges, bits, bits, calibrator(SEARCH_START))
    found = search(graph, start, format, pictures, budget_s, report)
    return replace(statistics, lengths={**statistics.lengths, bits: found})


def calibration_pictures(preprocessing: Preprocessing) -> tuple[Tensor, str]:
    """Preprocessed pictures [n, 3, side, side] and what they are: BITLENS_CALIBRATION's, else the samples and their crops."""
    folder = settings.calibration_folder()
    if folder is not None:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)[:MOST_PICTURES]
        if not files:
            raise DataError(
                f"{folder} holds no pictures.", "Put JPEG or PNG files there, or unset BITLENS_CALIBRATION."
            )
        images, crops, words = [_read(path) for path in files], CROPS[:1], f"{len(files)} pictures of {folder.name}"
    else:
        images = [_read(sample.file) for sample in samples()]
        crops, words = CROPS, f"{len(images)} sample pictures in {len(CROPS)} crops each"
    return torch.cat([_tensors(image, crops, preprocessing) for image in images]), words


def _read(path: Path) -> Image.Image:
    return decode(path.read_bytes(), path.name).image


def _tensors(image: Image.Image, crops: Sequence[Crop], preprocessing: Preprocessing) -> Tensor:
    boxes = [crop_box(image.width, image.height, crop, preprocessing.fraction) for crop in crops]
    return torch.cat([preprocessing.tensor(cut(image, box, preprocessing.side)) for box in boxes])


def _kept(loaded: LoadedNetwork) -> Path:
    """One file for these weights and these calibration pictures."""
    folder = settings.calibration_folder()
    source = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8] if folder else "samples"
    return settings.cache_folder() / "calibration" / f"{loaded.fingerprint[:16]}-{source}.json"
