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
    from earlysieve.datasets.opened_data import OpenedData
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
        backbone: names of the parameters that learn at a rate of their own; see
            `TrainConfig.backbone_lr_scale`.
        notes: what was decided on the way, for people.
        asked: what the method has asked of the data that it need not ask: "groups".
    """

    model: "nn.Module"
    data: Any
    config: "TrainConfig"
    settings: Any
    num_classes: int
    steps: int
    few: "Batch"
    out: Path
    backbone: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    @property
    def device(self) -> "torch.device":
        """Where to train."""
        return self.few.labels.device

    @cached_property
    def opened(self) -> "OpenedData":
        """The training data as one object that knows names, groups and so on."""
        from earlysieve.datasets.opened_data import opened

        return opened(self.data)

    @property
    def labels(self) -> "Ints":
        """The label of each example, int64, shape (N,)."""
        return self.opened.labels

    @property
    def groups(self) -> "Ints | None":
        """The group of each example, int64, shape (N,), -1 where unknown; None: none is known."""
        self.asked.add("groups")
        return self.opened.groups

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
        named = self.model.named_parameters()
        slow = [value for name, value in named if name in self.backbone]
        optimizer = build_optimizer(parameters, config, backbone=slow)
        return optimizer, {
            "clip_norm": config.clip_norm,
            "accumulate": config.accumulate,
            "scheduler": build_scheduler(optimizer, config, optimizer_steps(self.steps, busy)),
            "autocast": config.autocast,
        }
