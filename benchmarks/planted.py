"""Planted shortcuts as tensors, plain loops over them, and intervals over seeds.

Shared by the benchmark scripts. Training sets keep the planted correlation; validation and test
sets have the shortcut drawn independently of the class, so that accuracy where it fails is
measured on many examples. Validation images come from the training files and are never trained on.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from earlysieve import Batch
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.embedded_digits import digits
from earlysieve.datasets.fashion_files import fashion_mnist
from earlysieve.datasets.painters import plant_colour, plant_dominoes
from earlysieve.networks.small import small_cnn

VALIDATION = 3000
TEST = 5000


@dataclass(frozen=True)
class Split:
    """Images (N, 3, H, W), labels (N,), and whether the shortcut holds (N,)."""

    images: Tensor
    labels: Tensor
    holds: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Course:
    """How all networks of a comparison are trained: Adam, constant or falling to 0 by a cosine."""

    epochs: int
    batch_size: int = 64
    lr: float = 1e-3
    schedule: str = "constant"

    @staticmethod
    def add_options(parser: argparse.ArgumentParser, default: "Course") -> None:
        """--epochs, --batch-size, --lr, --schedule."""
        parser.add_argument("--epochs", type=int, default=default.epochs)
        parser.add_argument("--batch-size", type=int, default=default.batch_size)
        parser.add_argument("--lr", type=float, default=default.lr)
        parser.add_argument("--schedule", choices=["cosine", "constant"], default=default.schedule)

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Course":
        """From the command line."""
        return cls(args.epochs, args.batch_size, args.lr, args.schedule)

    def steps(self, examples: int) -> int:
        """Batches in all."""
        return self.epochs * -(-examples // self.batch_size)

    def scheduler(self, optimizer: Optimizer, examples: int) -> LRScheduler:
        """To be stepped once per batch."""
        steps = self.steps(examples)

        def share(step: int) -> float:
            return (1 + math.cos(math.pi * min(1.0, step / steps))) / 2

        return LambdaLR(optimizer, share if self.schedule == "cosine" else lambda _: 1.0)

    def __str__(self) -> str:
        falling = ", falling" if self.schedule == "cosine" else ""
        size = "" if self.batch_size == 64 else f", batch {self.batch_size}"
        lr = "" if self.lr == 1e-3 else f", lr {self.lr:g}"
        return f"{self.epochs} epochs{falling}{size}{lr}"


@dataclass(frozen=True)
class Planted:
    """Training, validation and test split."""

    train: Split
    validation: Split
    test: Split


def colours(correlation: float, size: int = 10_000, seed: int = 0) -> Planted:
    """Fashion-MNIST with a planted colour."""
    train, validation, test = _garments(size, seed)
    return Planted(
        _split(plant_colour(train, correlation, seed=seed)),
        _split(plant_colour(validation, 0.1, seed=seed + 1)),
        _split(plant_colour(test, 0.1, seed=seed + 2)),
    )


def dominoes(correlation: float, size: int = 6000, seed: int = 0) -> Planted:
    """A digit above a garment; the garment is the class, the digit agrees with it by chance."""
    train, validation, test = _garments(size, seed)
    many = digits("train", channels=3)
    few = digits("test", channels=3)
    return Planted(
        _split(plant_dominoes(train, many, correlation, seed=seed)),
        _split(plant_dominoes(validation, many, 0.1, seed=seed + 1)),
        _split(plant_dominoes(test, few, 0.1, seed=seed + 2)),
    )


def epochs(split: Split, count: int, batch_size: int = 64) -> Iterator[tuple[int, Batch]]:
    """Batches in random order, with the number of the epoch; order from torch's global state."""
    for epoch in range(count):
        for rows in torch.randperm(len(split)).split(batch_size):
            if len(rows) > 1:
                # Twice as fast on a CPU, for a model in the same order of memory.
                images = split.images[rows].contiguous(memory_format=torch.channels_last)
                yield epoch, Batch(images, split.labels[rows], rows)


def network() -> nn.Module:
    """The 3-stage network, to be trained on such batches; random weights from torch's state."""
    return small_cnn(10).train().to(memory_format=torch.channels_last)


class Averaged:
    """The exponential moving average of a network's weights over the later part of a training.

    Args:
        model: in training.
        steps: of the whole training; the first `idle` share of them is left out.
        decay: a hundred steps at 0.99.
    """

    def __init__(
        self, model: nn.Module, steps: int, *, decay: float = 0.99, idle: float = 0.4
    ) -> None:
        self._model = model
        self._average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
        self._waiting = round(idle * steps)

    def step(self) -> None:
        """Take note of the weights; behind every step of the training."""
        self._waiting -= 1
        if self._waiting < 0:
            self._average.update_parameters(self._model)

    def network(self) -> nn.Module:
        """The network with the averaged weights; its BatchNorm statistics are old."""
        return self._average.module


@torch.no_grad()
def accuracies(model: nn.Module, split: Split) -> dict[str, float]:
    """Accuracy where the shortcut holds, where it fails, and overall."""
    mode = model.training
    model.eval()
    right = torch.cat([model(x).argmax(1) for x in split.images.split(500)]) == split.labels
    model.train(mode)
    return {
        "holds": float(right[split.holds].double().mean()),
        "fails": float(right[~split.holds].double().mean()),
        "all": float(right.double().mean()),
    }


def mean_and_interval(values: list[float]) -> tuple[float, float, float]:
    """Mean over seeds and its 95% interval by Student's t."""
    from scipy import stats

    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = float(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values))
    return mean, mean - half, mean + half


def row(name: str, values: list[float]) -> str:
    """One line of a results table."""
    mean, low, high = mean_and_interval(values)
    each = ", ".join(f"{value:.3f}" for value in values)
    return f"| {name} | {mean:.3f} | [{low:.3f}, {high:.3f}] | {each} |"


def over_seeds(
    seeds: int, run: Callable[[int], dict[str, float]], key: str = "fails"
) -> list[float]:
    """One figure for each seed."""
    return [run(seed)[key] for seed in range(seeds)]


def _garments(size: int, seed: int) -> tuple[ExampleDataset, ExampleDataset, ExampleDataset]:
    files = fashion_mnist("train", channels=3)
    order = np.random.default_rng(seed).permutation(len(files))
    test = fashion_mnist("test", channels=3)
    chosen = np.random.default_rng(seed).permutation(len(test))[:TEST]
    return (
        files.subset(order[:size]),
        files.subset(order[size : size + VALIDATION]),
        test.subset(chosen),
    )


def _split(dataset: ExampleDataset) -> Split:
    images = torch.stack([torch.as_tensor(dataset[i][0]) for i in range(len(dataset))])
    labels = torch.from_numpy(dataset.labels)
    return Split(images, labels, torch.from_numpy(dataset.groups % 2 == 0))
