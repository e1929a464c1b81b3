"""Small networks and planted data for the tests of distillation."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from earlysieve.model.batch import Batch

CLASSES = 3


class Planted(Dataset):
    """Images whose class is a texture; the colour agrees with the class but for `fails` of them.

    Colours are of different strength, so that readouts are sure of some and less so of others.
    Group 1: the colour is another class's.
    """

    def __init__(self, size: int = 96, *, fails: float = 0.1, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.y = torch.arange(size) % CLASSES
        self.minority = torch.rand(size, generator=generator) < fails
        colour = (self.y + self.minority) % CLASSES
        strength = 0.5 + 1.5 * torch.rand(size, 1, generator=generator)
        tint = strength * torch.nn.functional.one_hot(colour, CLASSES)
        texture = torch.zeros(size, 1, 8, 8)
        for c in range(CLASSES):
            texture[self.y == c, :, :: c + 1] = 1.0 / (c + 1)
        noise = torch.randn(size, 3, 8, 8, generator=generator)
        self.x = texture + tint[:, :, None, None] + 0.3 * noise

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[Tensor, int, int]:
        return self.x[i], int(self.y[i]), int(self.minority[i])

    def batch(self, rows: Tensor) -> Batch:
        return Batch(self.x[rows], self.y[rows], rows, self.minority[rows].long())

    def epoch(self, seed: int, size: int = 16) -> Iterator[Batch]:
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        for rows in order.split(size):
            yield self.batch(rows)


class Net(nn.Module):
    """Two convolutional stages with BatchNorm, dropout, and a linear classifier."""

    def __init__(self, classes: int = CLASSES, width: int = 8, dropout: float = 0.2) -> None:
        super().__init__()
        self.early = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        self.late = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(self.late(self.early(x)).mean((2, 3))))


def seeded(make: Callable[[], Any], seed: int = 0) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def net(seed: int = 0, **settings: Any) -> Net:
    return seeded(lambda: Net(**settings), seed)


def sgd(model: nn.Module, lr: float = 0.05) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)


def bits(model: nn.Module) -> dict[str, Tensor]:
    """A copy of every parameter and buffer."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return list(left) == list(right) and all(torch.equal(left[k], right[k]) for k in left)
