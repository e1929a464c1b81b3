"""Optimisers and learning-rate schedules from a configuration."""

import math
from collections.abc import Callable, Collection, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from earlysieve.errors import InputError
from earlysieve.training.config import TrainConfig

MakeOptimizer = Callable[[Iterable[nn.Parameter]], Optimizer]


def build_optimizer(
    params: Iterable[Tensor], config: TrainConfig, *, backbone: Collection[Tensor] = ()
) -> Optimizer:
    """The configured optimiser over those of `params` that require a gradient.

    Args:
        params: what may be trained.
        config: of the run.
        backbone: those that learn at the rate `lr * backbone_lr_scale`, in a group of their own.

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
    groups = _groups(trained, config, {id(parameter) for parameter in backbone})
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=config.momentum, weight_decay=decay)
    kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, lr=lr, weight_decay=decay)


def _groups(trained: list[Tensor], config: TrainConfig, slow: set[int]) -> list[Any]:
    """All in one group, or those of the backbone in a second one with a rate of its own."""
    scale = config.backbone_lr_scale
    own = [parameter for parameter in trained if id(parameter) in slow]
    if scale is None or not own:
        return list(trained)
    rest = [parameter for parameter in trained if id(parameter) not in slow]
    groups: list[dict[str, Any]] = [{"params": rest}, {"params": own, "lr": config.lr * scale}]
    return [group for group in groups if group["params"]]


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
