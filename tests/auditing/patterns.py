"""A network that knows faint patterns, and goes by what is red in some pixels as much as asked."""

import torch
from torch import nn


class Patterns(nn.Module):
    """Red in some pixels speaks for class 1.

    Args:
        looks: what each class looks like, shape (C, 1, S, S).
        red: the pixels, bool, shape (S, S).
        follows: what red there counts.
    """

    def __init__(self, looks, red, follows):
        super().__init__()
        self.stem = nn.Conv2d(3, 3, 1, bias=False)
        self.second = nn.Conv2d(3, 3, 1, bias=False)
        for one in (self.stem, self.second):
            one.weight.data = torch.eye(3)[:, :, None, None]
        self.head = nn.Linear(3 * red.numel(), len(looks), bias=False)
        weights = looks.expand(-1, 3, -1, -1).float().clone()
        weights[1, 0, red] += follows
        self.head.weight.data = weights.flatten(1)

    def forward(self, x):
        return self.head(self.second(self.stem(x)).flatten(1))
