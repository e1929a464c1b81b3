"""Networks and data that tests name on the command line."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from earlysieve.datasets import load_source
from earlysieve.networks.small import SmallCNN, small_cnn


class Dropping(SmallCNN):
    """The small network with dropout, so that training depends on the random state."""

    def forward(self, images: Tensor) -> Tensor:
        features = self.stage3(self.stage2(self.stage1(images))).mean((2, 3))
        return self.head(nn.functional.dropout(features, 0.3, self.training))


class Classless(nn.Module):
    """A network that ends without a linear layer."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.last = nn.Conv2d(3, num_classes, 3)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(images).mean((2, 3))


def dropping(num_classes: int) -> Dropping:
    return Dropping(num_classes)


def classless(num_classes: int) -> Classless:
    return Classless(num_classes)


def trained(seed: int = 3) -> SmallCNN:
    """Stands for a teacher that brings its weights."""
    return small_cnn(10, seed=seed)


def of_twelve() -> SmallCNN:
    return small_cnn(12, seed=3)


class Flipped(torch.utils.data.Dataset):
    """Digits that are mirrored at random, as a data set without labels in one piece."""

    def __init__(self, group: bool) -> None:
        self.source = load_source("digits", split="test", limit=60, shortcut="colour")
        self.group = group

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, i: int) -> tuple:
        image, label, group = self.source[i]
        image = image.flip(2) if torch.rand(()) < 0.5 else image
        return (image, label, group) if self.group else (image, label)


def flipped() -> Flipped:
    return Flipped(True)


def flipped_without_groups() -> Flipped:
    return Flipped(False)


class Stream(torch.utils.data.IterableDataset):
    """Digits one after the other."""

    def __iter__(self) -> Iterator[tuple]:
        source = load_source("digits", split="test", limit=120, shortcut="colour")
        yield from (source[i] for i in range(len(source)))


def stream() -> Stream:
    return Stream()


def loader() -> torch.utils.data.DataLoader:
    return torch.utils.data.DataLoader(Stream(), batch_size=50)


def table_net():
    from earlysieve.networks.small_mlp import SmallMLP

    return SmallMLP(2, input_shape=(50,))
