"""What training methods are built from."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.optim import Optimizer

    from earlysieve._arrays import Ints
    from earlysieve.model.batch import Batch
    from earlysieve.training import TrainConfig


@dataclass(frozen=True)
class Job:
    """What a method is built from.

    Attributes:
        model: the network, on its device.
        data: the training data.
        config: the whole configuration.
        settings: the method's own, an instance of its dataclass, defaults filled in.
        num_classes: outputs of the network.
        steps: batches per epoch.
        few: the first two examples, on the device.
        out: the folder of the run, which may not exist yet.
        notes: what was decided on the way, for people.
    """

    model: "nn.Module"
    data: Any
    config: "TrainConfig"
    settings: Any
    num_classes: int
    steps: int
    few: "Batch"
    out: Path
    notes: list[str] = field(default_factory=list)

    @property
    def device(self) -> "torch.device":
        """Where to train."""
        return self.few.labels.device

    @cached_property
    def labels(self) -> "Ints":
        """The label of each example, int64, shape (N,)."""
        return self._known[0]

    @cached_property
    def groups(self) -> "Ints | None":
        """The group of each example, int64, shape (N,), -1 where unknown; None: none is known."""
        groups = self._known[1]
        return None if groups is None or not bool((groups >= 0).any()) else groups

    @cached_property
    def _known(self) -> "tuple[Ints, Ints | None]":
        """Labels and groups as the data hold them, else from one pass over the data."""
        import numpy as np

        from earlysieve.datasets.base import ExampleDataset
        from earlysieve.datasets.batches import iterate
        from earlysieve.model.state import preserved_rng

        if isinstance(self.data, ExampleDataset):
            return self.data.labels, self.data.groups
        with preserved_rng():
            batches = list(map(_kinds, iterate(self.data, batch_size=256)))
        labels = np.concatenate([labels for labels, _ in batches])
        groups = [groups for _, groups in batches if groups is not None]
        return labels, np.concatenate(groups) if len(groups) == len(batches) else None

    def update(
        self, parameters: "Iterable[nn.Parameter]", *, idle_epochs: int = 0
    ) -> "tuple[Optimizer, dict[str, Any]]":
        """The configured optimiser, and what surrounds its steps: see `Stepper`.

        Args:
            parameters: what is trained.
            idle_epochs: epochs in which the optimiser makes no step.
        """
        from earlysieve.training import build_optimizer, build_scheduler, optimizer_steps

        config = self.config
        busy = replace(config, epochs=config.epochs - idle_epochs)
        optimizer = build_optimizer(parameters, config)
        return optimizer, {
            "clip_norm": config.clip_norm,
            "accumulate": config.accumulate,
            "scheduler": build_scheduler(optimizer, config, optimizer_steps(self.steps, busy)),
            "autocast": config.autocast,
        }


def _kinds(batch: "Batch") -> "tuple[Ints, Ints | None]":
    return batch.labels.numpy(), None if batch.groups is None else batch.groups.numpy()
