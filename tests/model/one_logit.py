"""The same binary network with one logit, in either shape, and with the two (0, z)."""

import torch
from torch import nn

FORMS = ("(B, 1)", "(B,)", "(0, z)")


class Binary(nn.Module):
    """An MLP with one output; `form` is how it is returned."""

    def __init__(self, form="(B, 1)", *, width=6, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.first = nn.Linear(width, 8)
            self.second = nn.Linear(8, 8)
            self.head = nn.Linear(8, 1)
        self.form = form

    def forward(self, x):
        z = self.head(self.second(self.first(x).relu()).relu())
        if self.form == "(B, 1)":
            return z
        return z[:, 0] if self.form == "(B,)" else torch.cat([torch.zeros_like(z), z], 1)
