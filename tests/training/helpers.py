"""Small models and data, and a deep comparison of states, for the tests of training."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from earlysieve.training import ERM, TrainConfig, build_optimizer, build_scheduler


class Noisy(Dataset):
    """Two separable classes; every access draws from torch, NumPy and Python."""

    def __init__(self, size: int = 11, *, noise: float = 0.1, groups: bool = False) -> None:
        generator = torch.Generator().manual_seed(7)
        self.y = [i % 2 for i in range(size)]
        signs = torch.tensor(self.y).float().mul(2).sub(1).unsqueeze(1)
        self.x = signs + 0.5 * torch.randn(size, 4, generator=generator)
        self.noise = noise
        self.groups = groups

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple:
        drawn = torch.rand(4) + float(np.random.rand()) + random.random()
        x = self.x[i] + self.noise * drawn
        return (x, self.y[i], i % 3) if self.groups else (x, self.y[i])


def network(seed: int = 0) -> nn.Module:
    """A classifier of (B, 4) with BatchNorm and dropout."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.3), nn.Linear(6, 2)
        )


def erm(config: TrainConfig, steps: int = 12, model: nn.Module | None = None) -> ERM:
    """Plain training of `network()` as `config` says."""
    model = network() if model is None else model
    optimizer = build_optimizer(model.parameters(), config)
    return ERM(
        model,
        optimizer,
        clip_norm=config.clip_norm,
        accumulate=config.accumulate,
        scheduler=build_scheduler(optimizer, config, steps),
        autocast=config.autocast,
    )


def difference(a: Any, b: Any, where: str = "") -> str | None:
    """Where two nested states differ in a bit; None if nowhere."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        same = a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
        return None if same else where
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return None if a.dtype == b.dtype and np.array_equal(a, b) else where
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if list(a) != list(b):
            return f"{where}: keys"
        parts = [difference(a[key], b[key], f"{where}.{key}") for key in a]
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return f"{where}: length"
        parts = [difference(x, y, f"{where}[{i}]") for i, (x, y) in enumerate(zip(a, b))]  # noqa: B905
    else:
        return None if type(a) is type(b) and a == b else where
    return next((part for part in parts if part is not None), None)
