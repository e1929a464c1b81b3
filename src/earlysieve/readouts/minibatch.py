"""Readouts without a closed objective (multi-layer, convolutional, attention): Adam, per fold."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from earlysieve.model.layout import Layout
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.heads import ConvHead, Head

_BLOCK = 1 << 14
_RUN = 64
_CONSTANT = 1e-7
_RISING = 0.25


@dataclass(frozen=True)
class FitSchedule:
    """How long and how fast a readout is trained: Adam with decoupled weight decay.

    Few examples get more epochs, until there are `least_steps` steps. With `cycle` the rate rises
    to `lr` and falls to nothing (Smith & Topin, "Super-convergence", 2018).
    """

    epochs: int = 20
    batch_size: int = 128
    lr: float = 3e-3
    weight_decay: float = 1e-2
    least_steps: int = 200
    most_steps: int = 4000
    cycle: bool = False

    def steps(self, count: int) -> int:
        """How many steps `count` examples get."""
        by_epoch = max(1, -(-count // self.batch_size))
        return min(self.most_steps, by_epoch * self.epochs_of(count))

    def epochs_of(self, count: int) -> int:
        """How often `count` examples are seen, the limit of steps aside."""
        by_epoch = max(1, -(-count // self.batch_size))
        return max(self.epochs, -(-self.least_steps // by_epoch))


# Convolutions are paid by the example and not by the step: small batches and a falling rate get by
# with half the epochs (measured on maps of a small network for Fashion-MNIST).
_CONVOLUTIONAL = FitSchedule(epochs=10, batch_size=32, lr=1e-2, cycle=True)


def usual_schedule(head: Head) -> FitSchedule:
    """The schedule of a head where none is asked for."""
    return _CONVOLUTIONAL if isinstance(head, ConvHead) else FitSchedule()


def fit_minibatch(
    store: FeatureStore,
    labels: Tensor,
    train: Tensor,
    num_classes: int,
    head: Head,
    layout: Layout,
    *,
    seed: int = 0,
    schedule: FitSchedule | None = None,
    device: torch.device | str = "cpu",
) -> nn.Module:
    """Train one readout on the rows that `train` marks.

    Args:
        store: features, N rows, in `layout` with the batch in front.
        labels: int64, shape (N,).
        train: bool, shape (N,).
        num_classes: C.
        head: what to build.
        layout: of the stored features.
        seed: for initialisation and order; the global random state is not used.
        schedule: epochs, batch size, learning rate; by default the head's usual one.
        device: where it is trained.

    Returns:
        The readout in evaluation mode, standardising features by channel first.
    """
    plan = schedule or usual_schedule(head)
    generator = torch.Generator().manual_seed(seed)
    readout = head.build((1, *store.shape), num_classes, layout=layout, seed=seed)
    module = _Standardised(*_moments(store, train, layout), readout).to(device, torch.float32)
    count, steps = int(train.sum()), 0
    update = Update(module, plan, plan.steps(count))
    for _ in range(plan.epochs_of(count)):
        for features, targets in _shuffled(store, labels, train, plan.batch_size, generator):
            if steps == plan.most_steps:
                return module.eval()
            update(features.to(device), targets.to(device))
            steps += 1
    return module.eval()


class Update:
    """One step of a readout on a batch, called about `steps` times."""

    def __init__(self, module: nn.Module, plan: FitSchedule, steps: int) -> None:
        self.module = module
        self.optimizer = AdamW(module.parameters(), lr=plan.lr, weight_decay=plan.weight_decay)
        self.rate = None
        if plan.cycle:
            self.rate = OneCycleLR(
                self.optimizer, plan.lr, total_steps=max(1, steps) + 1, pct_start=_RISING
            )
        self.left = steps

    def __call__(self, features: Tensor, targets: Tensor) -> None:
        """Learn from a batch, features (B, ...) and labels (B,)."""
        self.optimizer.zero_grad()
        with torch.enable_grad():
            loss = functional.cross_entropy(self.module(features), targets)
            loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        if self.rate is not None and self.left > 0:
            self.rate.step()
        self.left -= 1


def _shuffled(
    store: FeatureStore, labels: Tensor, train: Tensor, size: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches in random order.

    Blocks are put together from short runs of rows drawn at random, and rows are drawn at random
    within a block: data sorted by class are mixed, and a file is still read in runs.
    """
    starts = torch.arange(0, len(store), _RUN)
    drawn = starts[torch.randperm(len(starts), generator=generator)]
    for block in torch.split(drawn, _BLOCK // _RUN):
        places = [slice(start, min(start + _RUN, len(store))) for start in block.tolist()]
        features = torch.cat([store.read(place)[train[place]] for place in places])
        targets = torch.cat([labels[place][train[place]] for place in places])
        for batch in torch.split(torch.randperm(len(targets), generator=generator), size):
            yield features[batch], targets[batch]


def _moments(store: FeatureStore, train: Tensor, layout: Layout) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation by channel over the training rows, shaped to broadcast."""
    count, total, square = 0, torch.zeros(()), torch.zeros(())
    for place, chunk in store.chunks(_BLOCK):
        rows = chunk[train[place]].double()
        channel = rows.ndim - 1 if layout is Layout.LAST else 1
        others = [d for d in range(rows.ndim) if d != channel]
        count += rows.numel() // max(1, rows.shape[channel])
        total = total + rows.sum(others, keepdim=True)
        square = square + rows.square().sum(others, keepdim=True)
    mean = total / max(1, count)
    deviation = (square / max(1, count) - mean.square()).clamp(min=0).sqrt()
    # A channel that is constant in training is switched off, so that another value cannot blow up.
    constant = deviation <= _CONSTANT * mean.abs()
    return mean.float(), torch.where(constant, torch.inf, deviation).float()


class _Standardised(nn.Module):
    def __init__(self, mean: Tensor, deviation: Tensor, readout: nn.Module) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        self.readout = readout

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.readout((features - self.mean) / self.deviation)
        return logits
