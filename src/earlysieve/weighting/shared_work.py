"""A pass over data that the processes that train together share, so that none waits for another."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch.distributed as dist
from torch import Tensor, nn

from earlysieve.model.buffers import kept_buffers
from earlysieve.model.unwrap import unwrap
from earlysieve.training.distributed import exchange_device, processes, rank_here, take_from_first


@dataclass(frozen=True)
class SharedWork:
    """What this process does of a task; with `among` 1, all of it.

    Attributes:
        rank: which process this is, from 0.
        among: how many share the task, >= 1.
    """

    rank: int = field(default_factory=rank_here)
    among: int = field(default_factory=processes)

    def part_of(self, batch: Sequence[int]) -> Sequence[int]:
        """The examples of a batch that are this process's; a tiny batch is everyone's."""
        return batch[self.rank :: self.among] if len(batch) >= self.among else batch

    def scale(self, part: int, whole: int) -> float:
        """Factor of the mean loss over a part, with which the processes' mean is that of all."""
        return 1.0 if part == whole else part * self.among / whole

    def key(self, *key: int) -> tuple[int, ...]:
        """What augmentations are seeded with: each process draws for examples of its own."""
        return key if self.rank == 0 else (*key, self.rank)

    @contextmanager
    def same_buffers(self, model: nn.Module) -> Iterator[None]:
        """Give the model the first process's buffers, BatchNorm statistics among them, for now."""
        if self.among == 1:
            yield
            return
        with kept_buffers(model):
            take_from_first(unwrap(model).buffers())
            yield

    def total(self, values: Tensor) -> Tensor:
        """The sum over processes, on the CPU."""
        return self._reduced(values, dist.ReduceOp.SUM)

    def highest(self, values: Tensor) -> Tensor:
        """The largest over processes, element by element, on the CPU."""
        return self._reduced(values, dist.ReduceOp.MAX)

    def _reduced(self, values: Tensor, how: "dist.ReduceOp.RedOpType") -> Tensor:
        if self.among == 1:
            return values
        shared = values.to(exchange_device())
        dist.all_reduce(shared, how)
        return shared.cpu()
