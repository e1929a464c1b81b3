"""A planted shortcut small enough to audit in a moment, and what an audit must leave as it was."""

import random

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset


class Planted(Dataset):
    """Feature 0 tells the class except for the minority; features 2.. tell it always, weakly."""

    def __init__(self, count=240, minority=0.15, seed=0):
        generator = torch.Generator().manual_seed(seed)
        self.labels = torch.arange(count) % 2
        self.minority = torch.rand(count, generator=generator) < minority
        cue = torch.where(self.minority, 1 - self.labels, self.labels)
        self.x = torch.randn(count, 6, generator=generator)
        self.x[:, 0] = 3.0 * (2 * cue - 1) + 0.3 * self.x[:, 0]

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.x[i], int(self.labels[i]), int(self.minority[i])


class Net(nn.Module):
    """Three layers; `follow` makes the logits follow feature 0, the shortcut."""

    def __init__(self, *, follow=True, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.first = nn.Linear(6, 6)
            self.norm = nn.BatchNorm1d(6)
            self.drop = nn.Dropout(0.5)
            self.second = nn.Linear(6, 6)
            self.head = nn.Linear(6, 2)
        self.follow = follow
        with torch.no_grad():
            self.first.weight.copy_(torch.eye(6))
            self.first.bias.zero_()
            self.second.weight.copy_(torch.eye(6))
            self.second.bias.zero_()
            self.head.weight.zero_()
            self.head.bias.zero_()
            self.head.weight[1, 0] = 1.0

    def forward(self, x):
        return self.head(self.second(self.drop(self.norm(self.first(x)))))


class Pictures(Dataset):
    """Small images of two classes, told by brightness but for a few."""

    def __init__(self, count=40, side=8):
        generator = torch.Generator().manual_seed(0)
        self.labels = torch.arange(count) % 2
        bright = torch.where(torch.arange(count) % 9 == 0, 1 - self.labels, self.labels)
        noise = torch.rand(count, 3, side, side, generator=generator)
        self.x = 0.3 * noise + 0.6 * bright[:, None, None, None]

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.x[i], int(self.labels[i])


def state_of(model):
    """Everything about a model and the random generators that an audit could change."""
    return {
        "state": {key: value.clone() for key, value in model.state_dict().items()},
        "modes": [module.training for module in model.modules()],
        "requires": [p.requires_grad for p in model.parameters()],
        "identities": [id(p) for p in model.parameters()],
        "grads": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "hooks": [
            [len(v) for k, v in sorted(vars(m).items()) if k.endswith("_hooks")]
            for m in model.modules()
        ],
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state()[1].copy(),
        "python": random.getstate(),
        "grad enabled": torch.is_grad_enabled(),
        "default type": torch.get_default_dtype(),
    }


def same(a, b):
    """Equal bit for bit, through nested containers."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b
