from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from core.errors import DataError, WeightsError
from core.formats import NumberFormat, number_format
from core.images.samples import samples
from core.models.preprocessing import COMPACT, Preprocessing
from core.models.weights import LoadedNetwork
from core.quantization import calibration, fixed_point
from core.quantization.calibration import calibration_pictures, search_and_keep, statistics_for
from core.quantization.calibrators import calibrator
from core.quantization.fixed_point import Lengths, nearest_lengths
from core.quantization.graph import Graph
from core.quantization.groups import scale_groups
from core.quantization.prepare import Prepared, executable, prepare, quantizers
from core.quantization.statistics import Statistics, batches_of, collect
from core.variant import Calibration
from tests.quantization.networks import small

SMALL = Preprocessing(16, 1.0, COMPACT.mean, COMPACT.std)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def prepared() -> Prepared:
    loaded = LoadedNetwork("small", "x.pth", small(), SMALL, tuple("abcdefghij"), "f" * 64, True, {})
    return prepare(loaded, statistics_for)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three pictures, one in a folder of its own, and a file that is none."""
    found = tmp_path / "mine"
    (found / "more").mkdir(parents=True)
    for index, name in enumerate(("b.png", "a.jpg", "more/c.JPEG")):
        _picture(found / name, index)
    (found / "notes.txt").write_text("no picture")
    monkeypatch.setenv("BITLENS_CALIBRATION", str(found))
    return found


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each collection of statistics saw."""
    counts: list[int] = []

    def counting(graph: Graph, batches: list[Tensor]) -> dict[str, object]:
        counts.append(sum(len(batch) for batch in batches))
        return collect(graph, batches)

    monkeypatch.setattr(calibration, "collect", counting)
    return counts


def _picture(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG")
    path.write_bytes(encoded.getvalue())


def test_samples_and_their_crops_by_default() -> None:
    pictures, words = calibration_pictures(COMPACT)
    assert pictures.shape == (5 * len(samples()), 3, 64, 64)
    assert words == f"{len(samples())} sample pictures in 5 crops each"
    assert len({picture.numpy().tobytes() for picture in pictures}) == len(pictures)


@pytest.mark.usefixtures("folder")
def test_a_folder_of_ones_own_in_the_order_of_names() -> None:
    pictures, words = calibration_pictures(SMALL)
    assert words == "3 pictures of mine"
    for picture, seed in zip(pictures, (1, 0, 2), strict=True):
        pixels = np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)
        square = Image.fromarray(pixels).resize((16, 16), Image.Resampling.BILINEAR, box=(5, 0, 25, 20))
        assert np.array_equal(picture.numpy(), (np.asarray(square, np.float32).transpose(2, 0, 1) - 128) / 64)


def test_an_empty_folder_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITLENS_CALIBRATION", str(tmp_path))
    with pytest.raises(DataError, match="holds no pictures"):
        calibration_pictures(SMALL)


def test_statistics_that_shipped_are_used(prepared: Prepared, tmp_path: Path, cache: Path) -> None:
    shipped = Statistics(collect(prepared.graph, [torch.zeros(1, 3, 16, 16)]), "one black picture", "f" * 64)
    shipped.save(tmp_path / "shipped.json")
    loaded = dataclasses.replace(prepared.loaded, calibration=tmp_path / "shipped.json")
    assert statistics_for(loaded, prepared.graph).pictures == "one black picture"
    assert not cache.exists()


def test_shipped_statistics_of_other_weights_are_refused(prepared: Prepared, tmp_path: Path) -> None:
    Statistics({}, "pictures", "e" * 64).save(tmp_path / "shipped.json")
    loaded = dataclasses.replace(prepared.loaded, network="squeezenet", calibration=tmp_path / "shipped.json")
    with pytest.raises(WeightsError) as refused:
        statistics_for(loaded, prepared.graph)
    assert str(refused.value) == (
        "The calibration statistics shipped.json are of other weights than the file beside them. "
        "Restore both from the repository, or run `python -m core calibrate --network squeezenet --data FOLDER`."
    )


@pytest.mark.parametrize("schema", [1, 3, "2", None])
def test_another_schema_is_refused_where_it_shipped(schema: object, prepared: Prepared, tmp_path: Path) -> None:
    path = tmp_path / "shipped.json"
    Statistics({}, "pictures", "f" * 64).save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": schema}))
    loaded = dataclasses.replace(prepared.loaded, calibration=path)
    with pytest.raises(WeightsError, match=f"shipped.json are of schema {schema}, not 2. Restore the file"):
        statistics_for(loaded, prepared.graph)


@pytest.mark.parametrize("change", [{"schema": 1}, {"weights_sha256": "e" * 64}, {"ranges": 3}, None])
def test_a_kept_file_that_cannot_be_used_is_computed_anew(
    change: dict[str, object] | None, prepared: Prepared, collected: list[int], cache: Path
) -> None:
    """Of another schema, of other weights, damaged, cut off: beside shipped statistics it adds nothing."""
    first = statistics_for(prepared.loaded, prepared.graph)
    (kept,) = cache.rglob("*.json")
    whole = kept.read_text()
    kept.write_text(json.dumps(json.loads(whole) | change) if change else whole[:1000])
    first.save(shipped := kept.parent.parent / "shipped.json")
    beside = statistics_for(dataclasses.replace(prepared.loaded, calibration=shipped), prepared.graph)
    assert (beside.pictures, len(collected)) == (first.pictures, 1)
    assert statistics_for(prepared.loaded, prepared.graph).pictures == first.pictures
    assert len(collected) == 2
    assert kept.read_text() == whole


def test_other_samples_are_calibrated_on_anew(
    prepared: Prepared, collected: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same names, another picture: what a new version of the app may bring."""
    for name in ("one.png", "two.png"):
        _picture(tmp_path / name, 1)
    mine = [dataclasses.replace(samples()[0], file=tmp_path / name) for name in ("one.png", "two.png")]
    monkeypatch.setattr(calibration, "samples", lambda: mine)
    statistics_for(prepared.loaded, prepared.graph)
    statistics_for(prepared.loaded, prepared.graph)
    assert collected == [2 * 5]
    _picture(tmp_path / "two.png", 2)
    statistics_for(prepared.loaded, prepared.graph)
    statistics_for(prepared.loaded, prepared.graph)
    assert collected == [2 * 5] * 2


def test_else_they_are_computed_once_and_kept(prepared: Prepared, collected: list[int], cache: Path) -> None:
    first = statistics_for(prepared.loaded, prepared.graph)
    assert collected == [5 * len(samples())]
    second = statistics_for(prepared.loaded, prepared.graph)
    assert len(collected) == 1
    assert len(list(cache.rglob("*.json"))) == 1
    assert first.ranges.keys() == second.ranges.keys() == set(scale_groups(prepared.graph).values())
    for group, one in first.ranges.items():
        other = second.ranges[group]
        assert (one.low, one.high, one.zeros) == (other.low, other.high, other.zeros)
        assert np.array_equal(one.counts, other.counts)
    other_weights = dataclasses.replace(prepared.loaded, fingerprint="e" * 64)
    statistics_for(other_weights, prepared.graph)
    assert len(collected) == 2


def test_a_folder_that_changes_is_read_again(prepared: Prepared, folder: Path, collected: list[int]) -> None:
    assert statistics_for(prepared.loaded, prepared.graph).pictures == "3 pictures of mine"
    statistics_for(prepared.loaded, prepared.graph)
    _picture(folder / "d.png", 4)
    assert statistics_for(prepared.loaded, prepared.graph).pictures == "4 pictures of mine"
    (folder / "a.jpg").unlink()
    statistics_for(prepared.loaded, prepared.graph)
    _picture(folder / "b.png", 5)
    statistics_for(prepared.loaded, prepared.graph)
    statistics_for(prepared.loaded, prepared.graph)
    assert collected == [3, 4, 3, 3]


def test_a_search_beyond_what_shipped_is_read_back(folder: Path, tmp_path: Path) -> None:
    """The shipped file holds the lengths of FIXED-8 alone; those of FIXED-4 are searched here."""
    loaded = LoadedNetwork("small", "x.pth", small(), SMALL, tuple("abcdefghij"), "f" * 64, True, {})
    first = prepare(loaded, statistics_for)
    search_and_keep(first.loaded, first.graph, number_format("fixed8"), 1.0, lambda share: None)
    shipped = statistics_for(first.loaded, first.graph)
    dataclasses.replace(shipped, weights_sha256="e" * 64).save(tmp_path / "shipped.json")
    again = prepare(
        dataclasses.replace(loaded, calibration=tmp_path / "shipped.json", fingerprint="e" * 64), statistics_for
    )
    assert quantizers(again, number_format("fixed4"), Calibration())[2]
    search_and_keep(again.loaded, again.graph, number_format("fixed4"), 1.0, lambda share: None)
    anew = prepare(again.loaded, statistics_for)
    assert not quantizers(anew, number_format("fixed4"), Calibration())[2]
    assert anew.statistics().lengths[8] == shipped.lengths[8]


def test_statistics_that_cannot_be_kept_are_used_all_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "file"))
    loaded = LoadedNetwork("small", "x.pth", small(), SMALL, tuple("abcdefghij"), "f" * 64, True, {})
    assert prepare(loaded, statistics_for).statistics().pictures == "3 pictures of mine"


def test_the_histograms_count_every_value(prepared: Prepared, folder: Path) -> None:
    """By hand for two groups: the input, and what the first convolution and its pool share."""
    pictures, _ = calibration_pictures(SMALL)
    found = statistics_for(prepared.loaded, prepared.graph).ranges
    whole = Statistics(collect(prepared.graph, batches_of(pictures, 2)), "", "f" * 64).ranges
    with torch.no_grad():
        stem = small().get_submodule("stem")(pictures).numpy()
    groups = scale_groups(prepared.graph)
    first = next(node.name for node in prepared.graph.nodes if node.layer == "stem.0")
    for group, values in ((groups[prepared.graph.nodes[0].name], pictures.numpy()), (groups[first], stem)):
        one = found[group]
        assert (one.low, one.high) == pytest.approx((values.min(), values.max()), abs=1e-5)
        assert one.counts.sum() + one.zeros == values.size
        assert one.zeros == (values == 0).sum()
        assert np.abs(one.counts - whole[group].counts).sum() <= 2


def test_a_search_makes_its_format_final_and_is_kept(prepared: Prepared, folder: Path, cache: Path) -> None:
    fixed5 = number_format("fixed5")
    _, words, preliminary = quantizers(prepared, fixed5, Calibration())
    assert preliminary
    assert words == "least squared error over 3 pictures of mine; preliminary: not yet searched"
    shares: list[float] = []
    found = search_and_keep(prepared.loaded, prepared.graph, fixed5, 60, shares.append)
    assert shares[-1] == 1.0 and sorted(shares) == shares
    after = prepare(prepared.loaded, statistics_for)
    lengths, words, preliminary = quantizers(after, fixed5, Calibration())
    assert (words, preliminary) == ("greedy search over 3 pictures of mine", False)
    assert lengths == found.lengths[5]
    assert quantizers(after, number_format("fixed6"), Calibration())[2]


@pytest.mark.usefixtures("folder")
def test_lengths_that_were_searched_need_no_nearest_ones(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    search_and_keep(prepared.loaded, prepared.graph, number_format("fixed5"), 1.0, lambda share: None)
    after = prepare(prepared.loaded, statistics_for)
    monkeypatch.setattr(fixed_point, "nearest_lengths", lambda *_: pytest.fail("seconds for a large network"))
    assert not quantizers(after, number_format("fixed5"), Calibration())[2]


@pytest.mark.usefixtures("folder")
def test_a_format_of_two_widths_is_composed(prepared: Prepared) -> None:
    shares: list[float] = []
    found = search_and_keep(prepared.loaded, prepared.graph, number_format("w4a6"), 60, shares.append)
    assert sorted(shares) == shares and 0.5 in shares and shares[-1] == 1.0
    assert set(found.lengths) == {4, 6}
    after = prepare(prepared.loaded, statistics_for)
    lengths, words, preliminary = quantizers(after, number_format("w4a6"), Calibration())
    assert (words, preliminary) == ("greedy search, composed over 3 pictures of mine", False)
    assert (lengths.weights, lengths.activations) == (found.lengths[4].weights, found.lengths[6].activations)


@pytest.mark.usefixtures("folder")
def test_a_width_that_was_searched_is_not_searched_again(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    widths: list[int] = []

    def counting(graph: Graph, start: Lengths, format: NumberFormat, *rest: object) -> Lengths:
        widths.append(format.weight_bits)
        return Lengths(start.weights, {group: len(widths) for group in start.activations})

    monkeypatch.setattr(calibration, "search", counting)
    shares: list[float] = []
    for name, expected in (("fixed8", [8]), ("w4a8", [8, 4]), ("fixed8", [8, 4]), ("w4a5", [8, 4, 5])):
        found = search_and_keep(prepared.loaded, prepared.graph, number_format(name), 60, shares.append)
        assert widths == expected
        assert found.lengths.keys() == set(expected)
    assert shares == [1.0]
    for place, bits in enumerate(widths, 1):
        assert set(found.lengths[bits].activations.values()) == {place}


@pytest.mark.usefixtures("folder")
def test_a_search_that_ran_out_of_time_says_so_and_goes_on_when_asked_again(prepared: Prepared) -> None:
    def words() -> str:
        again = prepare(prepared.loaded, statistics_for)
        return executable(again, number_format("fixed5"), Calibration()).calibrated

    search_and_keep(prepared.loaded, prepared.graph, number_format("fixed5"), 0, lambda share: None)
    assert words().endswith(", ended by its time limit")
    search_and_keep(prepared.loaded, prepared.graph, number_format("fixed5"), 60, lambda share: None)
    assert "time limit" not in words()


def test_a_folders_pictures_are_taken_evenly() -> None:
    files = [Path(f"{name}/{place}.jpg") for name in ("cat", "dog", "owl") for place in range(100)]
    chosen = calibration._spread(files, 30)
    assert [sum(path.parent.name == name for path in chosen) for name in ("cat", "dog", "owl")] == [10, 10, 10]
    assert calibration._spread(files, 1000) == files


@pytest.mark.usefixtures("folder")
def test_a_search_beside_another_loses_nothing(prepared: Prepared) -> None:
    def meanwhile(share: float) -> None:
        if share == 1.0:
            search_and_keep(prepared.loaded, prepared.graph, number_format("fixed6"), 60, lambda share: None)

    search_and_keep(prepared.loaded, prepared.graph, number_format("fixed5"), 60, meanwhile)
    assert set(statistics_for(prepared.loaded, prepared.graph).lengths) == {5, 6}


@pytest.mark.usefixtures("folder")
def test_a_search_sees_every_picture_of_a_folder_and_the_samples_centres(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []
    search = calibration.search

    def watching(graph: Graph, start: object, format: object, pictures: Tensor, *rest: object) -> object:
        seen.append(pictures)
        return search(graph, start, format, pictures, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(calibration, "search", watching)
    arguments: tuple[Graph, object, float, Callable[[float], None]]
    arguments = (prepared.graph, number_format("fixed12"), 60, lambda share: None)
    search_and_keep(prepared.loaded, *arguments)
    assert torch.equal(seen[0], calibration_pictures(SMALL)[0])
    monkeypatch.delenv("BITLENS_CALIBRATION")
    found = search_and_keep(prepared.loaded, *arguments)
    assert torch.equal(seen[1], calibration_pictures(SMALL)[0][::5])
    assert found.searched_on == f"the centres of {len(samples())} sample pictures"


@pytest.mark.usefixtures("folder")
def test_what_needs_no_search(prepared: Prepared) -> None:
    for name, calibrate, expected in (
        ("int8", Calibration(), "least squared error over 3 pictures of mine"),
        ("int8", Calibration("kl"), "least KL divergence over 3 pictures of mine"),
        ("fixed8", Calibration("minmax", search=False), "minimum and maximum over 3 pictures of mine"),
        (
            "fixed12",
            Calibration(),
            "least squared error over 3 pictures of mine; no search: 12 bits and more need none",
        ),
    ):
        assert quantizers(prepared, number_format(name), calibrate)[1:] == (expected, False)
    lengths = quantizers(prepared, number_format("fixed8"), Calibration("kl", search=False))[0]
    assert lengths == nearest_lengths(prepared.graph, prepared.statistics().ranges, 8, 8, calibrator("kl"))


def test_a_damaged_file_says_which(prepared: Prepared, tmp_path: Path) -> None:
    for content in ("{", "[]", "{}", '{"ranges": []}', '{"schema": 2, "ranges": {"a": {}}, "pictures": "x"}'):
        (tmp_path / "bad.json").write_text(content)
        loaded = dataclasses.replace(prepared.loaded, calibration=tmp_path / "bad.json")
        with pytest.raises(WeightsError, match="bad.json cannot be read. Restore the file"):
            statistics_for(loaded, prepared.graph)
