"""A network and data so small that a cell takes a moment."""

from torch import Tensor, nn

from tests.searching.nets import Net, Points

HERE = "tests.benchmarking.nets"


class Silent(Points):
    """The same without groups."""

    def __getitem__(self, i: int) -> tuple[Tensor, int]:  # type: ignore[override]
        return super().__getitem__(i)[:2]


def net(num_classes: int = 2) -> nn.Module:
    return Net(num_classes)


def points(seed: int = 0) -> Points:
    return Points(160, seed, 0.15)


def held(seed: int = 0) -> Points:
    return Points(120, 100 + seed, 0.3)


def others(seed: int = 0) -> Points:
    return Points(200, 200 + seed, 0.5)


def few() -> Points:
    """Four examples of each class."""
    return Points(8, 100, 0.3)


def silent(seed: int = 0) -> Silent:
    return Silent(160, seed, 0.15)


def silent_others(seed: int = 0) -> Silent:
    return Silent(160, 200 + seed, 0.15)


def broken(num_classes: int = 2) -> nn.Module:
    raise RuntimeError("no such network")
