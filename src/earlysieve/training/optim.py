"""Optimisers and learning-rate schedules from a configuration."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from earlysieve.errors import InputError
from earlysieve.training.config import TrainConfig

MakeOptimizer = Callable[[Iterable[nn.Parameter]], Optimizer]


def build_optimizer(params: Iterable[Tensor], config: TrainConfig) -> Optimizer:
    """The configured optimiser over those of `params` that require a gradient.

    Raises:
        InputError: none of them does.
    """
    trained = [parameter for parameter in params if parameter.requires_grad]
    if not trained:
        raise InputError(
            "Expected at least one parameter that requires a gradient, but got none; "
            "unfreeze at least one layer"
        )
    lr, decay = config.lr, config.weight_decay
    if config.optimizer == "sgd":
        return torch.optim.SGD(trained, lr=lr, momentum=config.momentum, weight_decay=decay)
    kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
    return kind(trained, lr=lr, weight_decay=decay)


def build_scheduler(optimizer: Optimizer, config: TrainConfig, steps: int) -> LRScheduler | None:
    """The configured schedule over `steps` optimiser steps in all; None for "none"."""
    if config.scheduler == "none":
        return None
    shape = _cosine(steps) if config.scheduler == "cosine" else _warmup(steps, config.warmup)
    return LambdaLR(optimizer, shape)


def optimizer_steps(batches_per_epoch: int, config: TrainConfig) -> int:
    """Optimiser steps of a whole run; an epoch's last ones may accumulate fewer batches."""
    return config.epochs * math.ceil(batches_per_epoch / config.accumulate)


def _cosine(steps: int) -> Callable[[int], float]:
    return lambda step: 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0)))


def _warmup(steps: int, share: float) -> Callable[[int], float]:
    rise = round(steps * share)

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / (rise + 1)
        return max(0.0, (steps - step) / max(1, steps - rise))

    return factor
