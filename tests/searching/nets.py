"""A network and data so small that a trial takes a moment."""

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

HERE = "tests.searching.nets"


class Net(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.stage1 = nn.Sequential(nn.Linear(6, 12), nn.ReLU())
        self.stage2 = nn.Sequential(nn.Linear(12, 12), nn.ReLU())
        self.head = nn.Linear(12, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stage2(self.stage1(x)))


class Points(Dataset):
    """Two classes; the second coordinate gives them away where the group is 0."""

    def __init__(self, count: int, seed: int, rare: float) -> None:
        random = torch.Generator().manual_seed(seed)
        self.labels = torch.arange(count) % 2
        self.groups = (torch.rand(count, generator=random) < rare).long()
        self.inputs = torch.randn(count, 6, generator=random)
        self.inputs[:, 0] += 1.5 * self.labels
        self.inputs[:, 1] += 5.0 * ((self.labels + self.groups) % 2)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[Tensor, int, int]:
        return self.inputs[i], int(self.labels[i]), int(self.groups[i])


def net(num_classes: int = 2) -> Net:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return Net(num_classes)


def points() -> Points:
    return Points(64, 0, 0.1)


def others() -> Points:
    return Points(120, 1, 0.5)
