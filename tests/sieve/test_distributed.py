"""Under DistributedDataParallel, processes stay equal, and equal to one process on all data."""

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from earlysieve import Batch, FeatureSieve

from .test_isolation import frozen, same

pytestmark = pytest.mark.skipif(not dist.is_gloo_available(), reason="gloo is not available")


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3)
        )


def batch(seed: int, rows: slice = slice(None)) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(8, 4, generator=generator), torch.randint(0, 3, (8,), generator=generator)
    return Batch(x[rows], y[rows])


class OwnReadout(nn.Module):
    """A linear readout of the user's own, initialised and buffered differently by each process."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.linear = nn.Linear(8, 3)
        self.register_buffer("shift", torch.full((8,), float(seed)))

    def forward(self, activation: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        logits: torch.Tensor = self.linear(activation - self.shift)
        return logits


def sieve_of(model: nn.Module, order: Any, readout: nn.Module | None = None) -> FeatureSieve:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return FeatureSieve(
        model,
        "1",
        3,
        optimizer=optimizer,
        forget_every=2,
        forget_lr=0.1,
        order=order,
        readout=readout,
        readout_optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    )


def states(sieve: FeatureSieve, model: nn.Module) -> Any:
    return [list(frozen(dict(model.state_dict())).values()), frozen(sieve.readouts.state_dict())]


def run(rank: int, world: int, port: int, order: Any, folder: str, own: bool = False) -> None:
    dist.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=world,
        timeout=timedelta(seconds=90),
    )
    try:
        model = network()
        readout = OwnReadout(rank) if own else None
        sieve = sieve_of(DistributedDataParallel(model), order, readout)
        share = 8 // world
        for seed in range(4):
            sieve.step(batch(seed, slice(rank * share, (rank + 1) * share)))
        torch.save(states(sieve, model), Path(folder) / f"{rank}.pt")
    finally:
        dist.destroy_process_group()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def alone(order: Any, own: bool = False) -> Any:
    model = network()
    sieve = sieve_of(model, order, OwnReadout(0) if own else None)
    for seed in range(4):
        sieve.step(batch(seed))
    return states(sieve, model)


@pytest.mark.parametrize("order", ["shared", "published"])
def test_one_process_equals_training_without_the_wrapper(order: Any, tmp_path: Path) -> None:
    run(0, 1, free_port(), order, str(tmp_path))
    assert same(torch.load(tmp_path / "0.pt"), alone(order))


@pytest.mark.parametrize("own", [False, True])
def test_two_processes_stay_equal_and_learn_from_all_data(own: bool, tmp_path: Path) -> None:
    port = free_port()
    settings = (2, port, "shared", str(tmp_path), own)
    other = mp.get_context("spawn").Process(target=run, args=(1, *settings))
    other.start()
    run(0, *settings)
    other.join(60)
    assert other.exitcode == 0
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert same(first, second)
    for ours, theirs in zip(first[0], alone("shared", own)[0], strict=True):
        torch.testing.assert_close(ours, theirs)
