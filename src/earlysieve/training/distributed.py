"""Gradients that no wrapper synchronises are averaged over processes here."""

from collections.abc import Sequence

import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


def processes() -> int:
    """How many train together."""
    several = dist.is_available() and dist.is_initialized()
    return dist.get_world_size() if several else 1


def is_first() -> bool:
    """Whether this process is the one that works for all."""
    return processes() == 1 or dist.get_rank() == 0


def synchronised(model: nn.Module) -> nn.Module:
    """A model of our own that several processes train as one; as it is where there is one."""
    return DistributedDataParallel(model) if processes() > 1 else model


def of_first_process(values: Tensor) -> Tensor:
    """The values that the first process has, on the CPU, in all of them."""
    if processes() == 1:
        return values
    shared = values.to("cuda" if dist.get_backend() == "nccl" else "cpu")
    dist.broadcast(shared, src=0)
    return shared.cpu()


def average_gradients(gradients: Sequence[Tensor]) -> list[Tensor]:
    """The mean of each gradient over all processes; as they are where there is one process."""
    averaged = list(gradients)
    if processes() == 1:
        return averaged
    for gradient in averaged:
        dist.all_reduce(gradient)
        gradient.div_(processes())
    return averaged
