"""Small networks whose shapes are known by heart."""

import torch
from torch import Tensor, nn


class Signs(nn.Module):
    """Two maps, x and -x, averaged and weighed: logits can be computed by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(1, 2, 1, bias=False)
        self.head = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.maps.weight.copy_(torch.tensor([1.0, -1.0]).view(2, 1, 1, 1))
            self.head.weight.copy_(torch.tensor([[3.0, 1.0], [0.5, 2.5]]))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.maps(x).mean(dim=(2, 3)))


class Small(nn.Module):
    """Convolutions with BatchNorm, dropout and an activation of choice."""

    def __init__(self, *, inplace: bool = True) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.act = nn.ReLU(inplace=inplace)
        self.second = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.last = nn.ReLU(inplace=inplace)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.last(self.second(self.act(self.norm(self.first(x)))))
        return self.head(self.drop(x.mean(dim=(2, 3))))


class Flat(nn.Module):
    """No image plane is left anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.ReLU(), nn.Linear(8, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Broken(Small):
    """Fails behind its last map, after having drawn random numbers."""

    def forward(self, x: Tensor) -> Tensor:
        super().forward(x)
        torch.rand(3)
        raise ValueError("broken on purpose")
