"""Gradients that no wrapper synchronises are averaged over processes here."""

from collections.abc import Iterable, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


def processes() -> int:
    """How many train together."""
    several = dist.is_available() and dist.is_initialized()
    return dist.get_world_size() if several else 1


def rank_here() -> int:
    """Which of them this one is, from 0."""
    return dist.get_rank() if processes() > 1 else 0


def is_first() -> bool:
    """Whether this process is the one that works for all."""
    return rank_here() == 0


def synchronised(model: nn.Module) -> nn.Module:
    """A model of our own that several processes train as one; as it is where there is one."""
    return DistributedDataParallel(model) if processes() > 1 else model


def of_first_process(values: Tensor) -> Tensor:
    """The values that the first process has, on the CPU, in all of them."""
    if processes() == 1:
        return values
    shared = values.to(exchange_device())
    dist.broadcast(shared, src=0)
    return shared.cpu()


def exchange_device() -> str:
    """Where a tensor has to be for the processes to exchange it."""
    return "cuda" if dist.get_backend() == "nccl" else "cpu"


@torch.no_grad()
def take_from_first(tensors: Iterable[Tensor]) -> None:
    """Give tensors, of the same shapes in each process, the values that the first process has.

    All processes call it at the same time.
    """
    if processes() == 1:
        return
    for tensor in tensors:
        tensor.copy_(of_first_process(tensor.contiguous().clone()))


def average_gradients(gradients: Sequence[Tensor]) -> list[Tensor]:
    """The mean of each gradient over all processes; as they are where there is one process."""
    averaged = list(gradients)
    if processes() == 1:
        return averaged
    for gradient in averaged:
        dist.all_reduce(gradient)
        gradient.div_(processes())
    return averaged
