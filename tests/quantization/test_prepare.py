"""From loaded weights to what runs: one copy of the weights, and what each format holds beside it."""

from __future__ import annotations

import pytest
import torch

from core.engines import reference
from core.formats import number_format
from core.models.preprocessing import COMPACT, Preprocessing
from core.models.weights import LoadedNetwork
from core.quantization.graph import Graph
from core.quantization.prepare import Prepared, executable, prepare
from core.quantization.statistics import Statistics, collect
from core.variant import Calibration
from tests.quantization.networks import pictures, small

SMALL = Preprocessing(16, 1.0, COMPACT.mean, COMPACT.std)
# The convolutions' and the linear layers' weights; their biases, where the stem has batch norm's shifts.
WEIGHTS = 3 * 8 * 9 + 8 * 6 + 4 * 10 * 9 + 16 * 16 * 9 + 256 * 10 + 256 * 4
BIASES = 8 + 6 + 10 + 16 + 10 + 4


@pytest.fixture
def prepared() -> Prepared:
    def statistics(loaded: LoadedNetwork, graph: Graph) -> Statistics:
        return Statistics(collect(graph, [pictures()]), "by hand", loaded.fingerprint)

    return prepare(LoadedNetwork("small", "x.pth", small(), SMALL, (), "f" * 64, True, {}), statistics)


def test_the_network_and_its_graph_share_their_weights(prepared: Prepared) -> None:
    held = {parameter.data_ptr() for parameter in prepared.folded.parameters()}
    for node in prepared.graph.weighted:
        assert node.weight is not None and node.weight.data_ptr() in held
        assert node.weight.ndim < 4 or node.weight.is_contiguous(memory_format=torch.channels_last)


def test_the_loaded_module_stays_as_it_is() -> None:
    network = small()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    prepare(LoadedNetwork("small", "x.pth", network, SMALL, (), "f" * 64, True, {}), lambda *_: pytest.fail("not yet"))
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]) and tensor.is_contiguous()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fp32", 0),
        ("fp16", 2 * (WEIGHTS + BIASES)),
        ("bf16", 2 * (WEIGHTS + BIASES)),
        ("fixed16", 2 * WEIGHTS + 8 * BIASES),
        ("fixed8", WEIGHTS + 8 * BIASES),
        ("w4a8", WEIGHTS + 8 * BIASES),
        ("int8", WEIGHTS + 8 * BIASES),
    ],
)
def test_what_a_format_holds_beside_the_network(name: str, expected: int, prepared: Prepared) -> None:
    assert executable(prepared, number_format(name), Calibration()).held_bytes == expected


def test_what_a_format_runs_in(prepared: Prepared) -> None:
    for name, dtype in (("fp32", "float32"), ("fp16", "float16"), ("bf16", "bfloat16")):
        found = executable(prepared, number_format(name), Calibration())
        assert (found.dtype, found.program) == (dtype, None)
    found = executable(prepared, number_format("int8"), Calibration())
    assert found.program is not None
    x = pictures(2)
    outputs = reference.outputs(found.program, reference.run(found.program, x))
    assert all(torch.equal(one, other) for one, other in zip(outputs, found.run(x), strict=True))


def test_fp32_answers_as_the_network_does(prepared: Prepared) -> None:
    x = pictures(4)
    with torch.no_grad():
        exact = small()(x)
    for one, other in zip(exact, executable(prepared, number_format("fp32"), Calibration()).run(x), strict=True):
        torch.testing.assert_close(other, one.double(), rtol=1e-4, atol=1e-5)
