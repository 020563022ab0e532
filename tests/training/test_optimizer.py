from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from core.training.optimizer import KernelMuon


def _network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8 * 16, 5))


def _loss(network: nn.Module) -> torch.Tensor:
    x = torch.randn(4, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    return network(x).square().mean()


def test_the_matrices_are_the_kernels_memory() -> None:
    network = _network()
    optimizer = KernelMuon(network, 0.95, 0.01)
    assert [tuple(matrix.shape) for matrix in optimizer.matrices] == [(8, 27), (5, 128)]
    for matrix, kernel in zip(optimizer.matrices, (network[0].weight, network[3].weight), strict=True):
        assert matrix.data_ptr() == kernel.data_ptr()
    network.load_state_dict({name: torch.ones_like(value) for name, value in network.state_dict().items()})
    assert all((matrix == 1).all() for matrix in optimizer.matrices)


def test_kernels_that_cannot_be_shared_are_no_silent_standstill() -> None:
    with pytest.raises(RuntimeError, match="view"):
        KernelMuon(_network().to(memory_format=torch.channels_last), 0.95, 0.01)


def test_kernels_go_by_muon_and_the_rest_by_adamw() -> None:
    """One step by hand: torch's two optimizers on copies, the kernel flattened."""
    network, reference = _network(), _network()
    KernelMuon(network, 0.95, 0.01).step(_loss(network), 0.02)
    _loss(reference).backward()
    matrices = [nn.Parameter(reference[i].weight.detach().flatten(1).clone()) for i in (0, 3)]
    for matrix, index in zip(matrices, (0, 3), strict=True):
        matrix.grad = reference[index].weight.grad.flatten(1)
    torch.optim.Muon(matrices, lr=0.02, momentum=0.95, weight_decay=0.01).step()
    others = [reference[0].bias, reference[1].weight, reference[1].bias, reference[3].bias]
    torch.optim.AdamW(others, lr=0.002, weight_decay=0.0).step()
    for index, matrix in zip((0, 3), matrices, strict=True):
        assert torch.equal(network[index].weight.flatten(1), matrix)
        assert not torch.equal(network[index].weight, reference[index].weight)
    for name in ("0.bias", "1.weight", "1.bias", "3.bias"):
        assert torch.equal(network.get_parameter(name), reference.get_parameter(name))


def test_gradients_do_not_pile_up() -> None:
    """A second step from the same point and state moves as far as the first."""
    network = _network()
    optimizer = KernelMuon(network, 0.0, 0.0)
    before = copy.deepcopy(network.state_dict())
    moves = []
    for _ in range(2):
        network.load_state_dict(before)
        optimizer.step(_loss(network), 0.01)
        moves.append(network[0].weight.detach() - before["0.weight"])
    assert float(moves[0].abs().max()) > 0
    assert torch.allclose(moves[0], moves[1], atol=1e-6)


def test_a_saved_state_continues_alike() -> None:
    one = _network()
    optimizer = KernelMuon(one, 0.95, 0.01)
    for _ in range(3):
        optimizer.step(_loss(one), 0.02)
    other = copy.deepcopy(one)
    resumed = KernelMuon(other, 0.95, 0.01)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for _ in range(2):
        optimizer.step(_loss(one), 0.01)
        resumed.step(_loss(other), 0.01)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
