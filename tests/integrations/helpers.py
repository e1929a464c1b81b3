"""One small task with groups, the methods that learn it, and the same by `fit`."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset

import earlysieve as es
from earlysieve.training import ERM, Algorithm, EpochSampler

SIZE, BATCH, EPOCHS, SEED = 22, 4, 3, 5


class Points(Dataset[Any]):
    """Points of three classes in two groups: (x, y, group)."""

    def __init__(self, size: int = SIZE, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.y = torch.arange(size) % 3
        self.groups = torch.randint(0, 2, (size,), generator=generator)
        self.x = torch.randn(size, 4, generator=generator) + self.y[:, None]

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[Tensor, int, int]:
        return self.x[i], int(self.y[i]), int(self.groups[i])


def network(seed: int = 0) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8), nn.Linear(8, 3)
        )


def momentum(parameters: Any) -> Optimizer:
    return torch.optim.SGD(parameters, lr=0.05, momentum=0.9, weight_decay=1e-3)


Make = Callable[[nn.Module, Optimizer], Algorithm]


def _erm(model: nn.Module, optimizer: Optimizer) -> Algorithm:
    return ERM(model, optimizer)


def _dedier(model: nn.Module, optimizer: Optimizer) -> Algorithm:
    return es.DebiasedDistillation(
        model, network(7), layer="0", num_classes=3, num_examples=SIZE, optimizer=optimizer
    )


def _early(model: nn.Module, optimizer: Optimizer) -> Algorithm:
    return es.EarlyReweighting(
        model, layer="0", num_classes=3, num_examples=SIZE, optimizer=optimizer, alpha=0.01
    )


def _group_dro(model: nn.Module, optimizer: Optimizer) -> Algorithm:
    return es.GroupDRO(model, optimizer=optimizer, num_groups=2, step_size=0.5)


def _jtt(model: nn.Module, optimizer: Optimizer) -> Algorithm:
    return es.JTT(model, optimizer=optimizer, data=Points(), identification_epochs=1)


METHODS: dict[str, Make] = {
    "erm": _erm,
    "dedier": _dedier,
    "early": _early,
    "group-dro": _group_dro,
    "jtt": _jtt,
}


class Order:
    """The batches of `fit`, as a DataLoader's batch sampler; each pass is the next epoch."""

    def __init__(self, kinds: Tensor | None = None) -> None:
        weights = None if kinds is None else es.balanced_weights(kinds)
        self.sampler = EpochSampler(SIZE, BATCH, seed=SEED, weights=weights)
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[list[int]]:
        self.epoch += 1
        yield from self.sampler.batches(self.epoch - 1)


def loader(order: Order | None = None) -> DataLoader[Any]:
    return DataLoader(es.with_index(Points()), batch_sampler=order or Order())


def fitted(make: Make, epochs: int = EPOCHS, balanced: bool = False) -> tuple[dict, Any]:
    """Weights and the method's state after the library's own loop."""
    model = network().train()
    algorithm = make(model, momentum(model.parameters()))
    sampler = Order(Points().groups).sampler if balanced else None
    es.fit(
        algorithm,
        Points(),
        epochs=epochs,
        batch_size=BATCH,
        seed=SEED,
        sampler=sampler,
        progress=False,
    )
    return copy.deepcopy(dict(model.state_dict())), algorithm.state_dict()
