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


def sieve_of(model: nn.Module, order: Any) -> FeatureSieve:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return FeatureSieve(
        model,
        "1",
        3,
        optimizer=optimizer,
        forget_every=2,
        forget_lr=0.1,
        order=order,
        readout_optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    )


def states(sieve: FeatureSieve, model: nn.Module) -> Any:
    return [list(frozen(dict(model.state_dict())).values()), frozen(sieve.readouts.state_dict())]


def run(rank: int, world: int, port: int, order: Any, folder: str) -> None:
    dist.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=world,
        timeout=timedelta(seconds=90),
    )
    try:
        model = network()
        sieve = sieve_of(DistributedDataParallel(model), order)
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


def alone(order: Any) -> Any:
    model = network()
    sieve = sieve_of(model, order)
    for seed in range(4):
        sieve.step(batch(seed))
    return states(sieve, model)


@pytest.mark.parametrize("order", ["shared", "published"])
def test_one_process_equals_training_without_the_wrapper(order: Any, tmp_path: Path) -> None:
    run(0, 1, free_port(), order, str(tmp_path))
    assert same(torch.load(tmp_path / "0.pt"), alone(order))


def test_two_processes_stay_equal_and_learn_from_all_data(tmp_path: Path) -> None:
    port = free_port()
    other = mp.get_context("spawn").Process(target=run, args=(1, 2, port, "shared", str(tmp_path)))
    other.start()
    run(0, 2, port, "shared", str(tmp_path))
    other.join(60)
    assert other.exitcode == 0
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert same(first, second)
    for ours, theirs in zip(first[0], alone("shared")[0], strict=True):
        torch.testing.assert_close(ours, theirs)
