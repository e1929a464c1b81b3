"""Gradients that no wrapper synchronises are averaged over processes here."""

from collections.abc import Sequence

import torch.distributed as dist
from torch import Tensor


def average_gradients(gradients: Sequence[Tensor]) -> list[Tensor]:
    """The mean of each gradient over all processes; as they are where there is one process."""
    averaged = list(gradients)
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return averaged
    for gradient in averaged:
        dist.all_reduce(gradient)
        gradient.div_(dist.get_world_size())
    return averaged
