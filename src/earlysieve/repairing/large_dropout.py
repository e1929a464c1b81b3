"""Fine-tuning with very large dropout on what the last layer reads."""

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from earlysieve.datasets.forms import as_batch
from earlysieve.errors import InputError
from earlysieve.model.batch import Batch
from earlysieve.model.capture import run_hooked
from earlysieve.model.state import warn_if_evaluating
from earlysieve.repairing.last_layer import LastLayer, last_layer
from earlysieve.training.batch_step import BatchStep, Kept, batch_step
from earlysieve.training.stepper import Stepper


class LargeDropout:
    """Minimise 1/B sum_i CE(f(x_i), y_i), with most of what the last layer reads set to 0.

    The last layer reads m_i * h(x_i) / (1 - rate), where each entry of m_i is 0 with probability
    `rate` and 1 otherwise, drawn anew for every example and step. So no few features can carry the
    answer, and redundant ones, which hold where a shortcut fails, are learned beside them. Nothing
    is dropped afterwards. At rate 0 it is plain training, bit for bit.

    Source: Zhang and Bottou, "Fine-tuning with Very Large Dropout", 2024, arXiv 2403.00946, which
    starts from networks that were trained on much data, with rates of 0.9 and above; dropout is
    that of Srivastava et al., JMLR 2014.

    Args:
        model: any classifier whose logits come from an nn.Linear; at best it is trained already. It
            runs in the mode it is in: put it into training mode.
        optimizer: over the parameters to train.
        rate: share of the numbers that are set to 0, in [0, 1).
        layer: the module whose input is dropped instead; None: the last linear layer.
        clip_norm, accumulate, scheduler, autocast: see `Stepper`.

    Raises:
        InputError: a setting is out of its range.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        >>> method = es.LargeDropout(net, optimizer=optimizer, rate=0.5)
        >>> es.fit(method, (x, y), epochs=1, progress=False).epochs
        1
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        rate: float = 0.9,
        layer: str | None = None,
        clip_norm: float | None = None,
        accumulate: int = 1,
        scheduler: LRScheduler | None = None,
        autocast: Any = None,
    ) -> None:
        if not 0 <= rate < 1:
            raise InputError(
                f"Expected rate to be at least 0 and below 1, but got {rate}; 0.9 is the usual one"
            )
        self.model, self.rate = model, rate
        self._layer = layer
        self._place: LastLayer | None = None
        self.stepper = Stepper(
            optimizer,
            clip_norm=clip_norm,
            accumulate=accumulate,
            scheduler=scheduler,
            autocast=autocast,
        )

    @property
    def settings(self) -> Mapping[str, Any]:
        """Those of the optimiser, and the rate."""
        return {**self.stepper.settings, "dropout_rate": self.rate, "dropout_layer": self._layer}

    def prepare(self, batch: Any) -> LastLayer:
        """Find the layer with a batch; where it is. Leaves no trace.

        Raises:
            InputError, LayerError: there is no linear last layer, or none of the name.
        """
        if self._place is None:
            self._place = last_layer(self.model, as_batch(batch).inputs, layer=self._layer)
        return self._place

    def step(self, batch: Any) -> dict[str, float]:
        """Learn from one batch; log its loss and accuracy, with dropout, before the update.

        Raises:
            InputError: a label is not among the model's classes; or see `prepare`.
            NonFiniteLossError: the loss is NaN or infinite; no parameter was changed.

        Warns:
            UserWarning: the model is in evaluation mode, though it has dropout or BatchNorm.
        """
        warn_if_evaluating(self.model)
        batch = as_batch(batch)
        place = self.prepare(batch)

        def drop(_name: str, _module: nn.Module, args: Any) -> Any:
            return (F.dropout(args[0], self.rate, training=True), *args[1:])

        return run_hooked(
            self.model, [place.name], _nothing, lambda _: self._learn(batch), before=drop
        ).logs

    def end_epoch(self) -> dict[str, float]:
        """Step with what has accumulated."""
        self.stepper.flush()
        return {}

    def state_dict(self) -> dict[str, Any]:
        """The state of the optimiser and of what surrounds it."""
        return {"stepper": self.stepper.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self.stepper.load_state_dict(state["stepper"])

    def _learn(self, batch: Batch) -> BatchStep:
        def loss(logits: Any, _: Kept) -> Any:
            return F.cross_entropy(logits, batch.labels)

        return batch_step(self.model, self.stepper, batch, loss)


def _nothing(_name: str, _module: nn.Module, _output: Any) -> None:
    """Leave the layer's output as it is."""
