"""What must be true of the recorded sweeps that ship."""

from __future__ import annotations

import pytest

from core.models import cards
from core.models.catalog import ARCHITECTURES
from core.sweeps.recorded import recorded
from core.sweeps.rows import Row, Table, table

RECORDED = {one.name: one for one in recorded()}
PICTURES = {"photos": 10_000, "signs": 2_000}


@pytest.fixture(scope="module", params=PICTURES)
def name(request: pytest.FixtureRequest) -> str:
    if request.param not in RECORDED:
        pytest.skip(f"the recorded sweep of {request.param} is not in this checkout")
    return str(request.param)


def _table(name: str) -> Table:
    record = RECORDED[name].record
    return table(record, record.conditions())


def _rows(name: str) -> dict[tuple[str, str, str], Row]:
    return {(row.network, row.format, row.regime): row for row in _table(name).rows}


def test_every_network_and_picture_is_there_and_it_is_said_when_and_by_which_code(name: str) -> None:
    one, rows = RECORDED[name], _rows(name)
    assert {network for network, _, _ in rows} == set(ARCHITECTURES)
    assert {row.images for row in rows.values()} == {PICTURES[name]}
    assert one.date is not None and one.commit is not None and not one.record.failures() and not one.record.skipped()


def test_retrain_stands_beside_raw_and_beside_fp32_with_the_same_training(name: str) -> None:
    rows = _rows(name)
    retrained = {format for _, format, regime in rows if regime == "retrain"}
    assert "fp32" in retrained and "fixed8" in retrained and len(retrained) > 2
    assert all((network, format, "raw") in rows for network in ARCHITECTURES for format in retrained)
    assert not [words for words in _table(name).notes if "was not fine-tuned as" in words]


@pytest.mark.parametrize("network", ARCHITECTURES)
def test_the_photos_figures_are_those_that_the_weights_cards_have_from_another_command(network: str) -> None:
    if "photos" not in RECORDED:
        pytest.skip("the recorded sweep of photos is not in this checkout")
    rows, card = _rows("photos"), cards.read_card(cards.weights_file(network, "photos"))
    for format, scores in card["formats"].items():
        row = rows[network, format, "raw"]
        assert row.top1 == pytest.approx(scores["top1"], abs=0.005) and row.top5 == pytest.approx(
            scores["top5"], abs=0.005
        )
    weights = {one.weights_sha256 for one in RECORDED["photos"].record.begun.variants if one.network == network}
    assert card["sha256"] in weights
