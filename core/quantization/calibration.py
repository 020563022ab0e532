"""Where a network's calibration statistics come from: shipped with it, kept from an earlier run, or computed now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from core import settings
from core.errors import DataError, WeightsError
from core.formats import NumberFormat, number_format
from core.images.crop import Crop, crop_box, cut
from core.images.decode import decode
from core.images.samples import samples
from core.models.files import sha256
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
MOST_SEARCHED = 32  # VGG-16's values in FP32 are 61 MB for each full-size picture, and a search holds them twice
SEARCH_START = "mse"


def statistics_for(loaded: LoadedNetwork, graph: Graph) -> Statistics:
    """Shipped statistics, and what was searched here beyond them; else those kept for these very weights; else new ones."""
    kept = _read_kept(loaded)
    if loaded.calibration is None:
        return kept or _computed(loaded, graph)
    shipped = _read_shipped(loaded, loaded.calibration)
    return replace(shipped, lengths={**(kept.lengths if kept else {}), **shipped.lengths})


def _read_shipped(loaded: LoadedNetwork, path: Path) -> Statistics:
    """Raises WeightsError where they are of other weights, whose ranges and lengths would fit these badly."""
    found = Statistics.load(path)
    if found.weights_sha256 != loaded.fingerprint:
        raise WeightsError(
            f"The calibration statistics {path.name} are of other weights than the file beside them.",
            "Restore both from the repository, or run "
            f"`python -m core calibrate --network {loaded.network} --data FOLDER`.",
        )
    return found


def _read_kept(loaded: LoadedNetwork) -> Statistics | None:
    """None where nothing is kept that can be used: an older version's file must not stop anybody."""
    try:
        found = Statistics.load(_kept(loaded))
    except WeightsError:
        return None
    return found if found.weights_sha256 == loaded.fingerprint else None


def _computed(loaded: LoadedNetwork, graph: Graph) -> Statistics:
    pictures, words = calibration_pictures(loaded.preprocessing)
    found = Statistics(collect(graph, batches_of(pictures, 8)), words, loaded.fingerprint)
    with suppress(OSError):  # a folder that cannot be written costs time at the next start, and no answer
        found.save(_kept(loaded))
    return found


def search_and_keep(
    loaded: LoadedNetwork, graph: Graph, format: NumberFormat, budget_s: float, report: Report
) -> Statistics:
    """Search fractional lengths for one format and keep them with the statistics. Composed formats search each width.

    A width that was searched to its end keeps its lengths: w4a8 after fixed8 searches 4 bits alone. One whose time ran out
    is searched on from where it stood.
    """
    searched = statistics_for(loaded, graph)
    ended = {bits for bits, lengths in searched.lengths.items() if lengths.complete}
    widths = sorted({format.weight_bits, format.activation_bits} - ended)
    if not widths:
        report(1.0)
        return searched
    pictures, words = _centres(loaded.preprocessing, MOST_SEARCHED)
    for place, bits in enumerate(widths):
        searched = with_search(searched, graph, bits, pictures, budget_s, _part(report, place, len(widths)))
    # Another process may have kept a search meanwhile: only these widths are replaced.
    kept = statistics_for(loaded, graph)
    found = {bits: searched.lengths[bits] for bits in widths}
    merged = replace(kept, lengths={**kept.lengths, **found}, searched_on=words)
    merged.save(_kept(loaded))
    return merged


def _part(report: Report, place: int, count: int) -> Report:
    """One search's share as a share of `count` searches: half of the second of two is 0.75."""
    return lambda share: report((place + share) / count)


def with_search(
    statistics: Statistics, graph: Graph, bits: int, pictures: Tensor, budget_s: float, report: Report
) -> Statistics:
    """The statistics with the lengths that a search for N = `bits` found, from those that there are or least squared error."""
    start = statistics.lengths.get(bits)
    start = start or nearest_lengths(graph, statistics.ranges, bits, bits, calibrator(SEARCH_START))
    found = search(graph, start, number_format(f"fixed{bits}"), pictures, budget_s, report)
    return replace(statistics, lengths={**statistics.lengths, bits: found})


def calibration_pictures(preprocessing: Preprocessing) -> tuple[Tensor, str]:
    """Preprocessed pictures [n, 3, side, side] and what they are: BITLENS_CALIBRATION's, else the samples and their crops."""
    folder = settings.calibration_folder()
    if folder is not None:
        return _centres(preprocessing, MOST_PICTURES)
    images = [_read(sample.file) for sample in samples()]
    words = f"{len(images)} sample pictures in {len(CROPS)} crops each"
    return torch.cat([_tensors(image, CROPS, preprocessing) for image in images]), words


def _centres(preprocessing: Preprocessing, most: int) -> tuple[Tensor, str]:
    """The same pictures in their default crop alone, at most so many: a search takes time and memory for each."""
    folder = settings.calibration_folder()
    files = _spread(_files(folder), most) if folder else [sample.file for sample in samples()]
    words = f"{len(files)} pictures of {folder.name}" if folder else f"the centres of {len(files)} sample pictures"
    return torch.cat([_tensors(_read(path), CROPS[:1], preprocessing) for path in files]), words


def _files(folder: Path) -> list[Path]:
    """The folder's pictures by name. Raises DataError where there are none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise DataError(f"{folder} holds no pictures.", "Put JPEG or PNG files there, or unset BITLENS_CALIBRATION.")
    return files


def _spread(files: Sequence[Path], most: int) -> list[Path]:
    """At most so many, evenly over the list: 2 of [a, b, c, d] are a and c, so that every class's folder has its share."""
    step = max(1.0, len(files) / most)
    return [files[int(place * step)] for place in range(min(most, len(files)))]


def _read(path: Path) -> Image.Image:
    return decode(path.read_bytes(), path.name).image


def _tensors(image: Image.Image, crops: Sequence[Crop], preprocessing: Preprocessing) -> Tensor:
    boxes = [crop_box(image.width, image.height, crop, preprocessing.fraction) for crop in crops]
    return torch.cat([preprocessing.tensor(cut(image, box, preprocessing.side)) for box in boxes])


def _kept(loaded: LoadedNetwork) -> Path:
    """One file for these weights and these calibration pictures: another when a picture comes, goes or changes."""
    folder = settings.calibration_folder()
    source = _states(_files(folder)) if folder else _contents([sample.file for sample in samples()])
    return settings.cache_folder() / "calibration" / f"{loaded.fingerprint[:16]}-{source}.json"


def _contents(files: Sequence[Path]) -> str:
    """Of a few small files; the same in every copy of the app that has the same pictures."""
    return _digest([sha256(path) for path in files])


def _states(files: Sequence[Path]) -> str:
    """Of up to 512 files of any size, which are not read each time."""
    return _digest([(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in files])


def _digest(facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:8]
