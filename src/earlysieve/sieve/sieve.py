"""SiFer: learn the task, identify what an early layer can read off, and erase it.

Source: Tiwari and Shenoy, "Overcoming Simplicity Bias in Deep Networks using a Feature Sieve",
ICML 2023, arXiv 2301.13293, section 3.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from earlysieve.datasets.batches import as_batch
from earlysieve.errors import CheckpointError
from earlysieve.model.batch import Batch
from earlysieve.model.capture import capture
from earlysieve.model.state import warn_if_evaluating
from earlysieve.model.unwrap import check_layers
from earlysieve.readouts.heads import Head, LinearHead
from earlysieve.readouts.trained import TrainedReadouts
from earlysieve.sieve.early_part import EarlyPart
from earlysieve.sieve.forget_schedule import ForgetSchedule
from earlysieve.sieve.main_update import MainUpdate
from earlysieve.sieve.sieve_settings import (
    SieveSettings,
    check_main_settings,
    check_readout_settings,
    schedule_of,
)
from earlysieve.sieve.updates import forget, identify, observe
from earlysieve.training.algorithm import half_done
from earlysieve.training.mixed_precision import MixedPrecision
from earlysieve.training.optim import MakeOptimizer
from earlysieve.training.stepper import Stepper

FORMAT_VERSION = 1


class FeatureSieve:
    """Train a classifier while an early layer forgets what can already be read off it.

    The network is cut at a layer into an early part g and a late part h; r is the readout on
    g(x). Three updates, each of which changes nothing else:

    - main: theta_g, theta_h descend CE(h(g(x)), y), by `optimizer`;
    - readout (identify): theta_r descends CE(r(stopgrad g(x)), y), by an optimiser of its own;
    - forget (erase): theta_g descends CE(r(g(x)), uniform), by plain gradient descent at
      `forget_lr`, so that forgetting never enters the main optimiser's state.

    theta_g are the parameters that the layer's output depends on, that require a gradient, that
    `optimizer` holds (if there is one), and that are not used again after the layer (tied
    weights): changing those would change h.

    Order "shared": one forward pass serves main and readout, and a forget step stops at the layer.
    Order "published" runs a full pass for each (readout, forget when due, main), as the authors'
    code does; in training mode its passes move BatchNorm statistics twice a step. With forgetting
    off both give the same parameters to the last bit on a network without dropout, and "shared"
    equals plain training.

    Args:
        model: any classifier. It runs in the mode it is in: put it into training mode.
        layer: where to cut, a name from `trace_layers`; several names sieve several layers, and
            their forgetting losses are added.
        num_classes: C >= 2.
        optimizer: of the main update, over the model's parameters. None: the main update is made
            elsewhere, and `after_step` follows it.
        readout: how complex the features are that count as simple: `LinearHead()`, `MLPHead`,
            `StatisticsHead`, `ConvHead`, `TokenHead`, or a module called as
            `module(activation, mask)`.
        forget_every: forget at every k-th step (numbers from 0); 0: never. Or a `ForgetSchedule`.
        forget_lr: step size of the forget update, >= 0; 0: never forget.
        forget_with_lr: scale `forget_lr` by the share of its initial value that the learning rate
            of `optimizer` has (the mean over its groups), so that forgetting rises and falls with
            a schedule and does not outweigh learning towards its end.
        readout_lr: learning rate of the readout's Adam, > 0.
        readout_weight_decay: weight decay of the readout's Adam, >= 0.
        readout_optimizer: another optimiser for the readouts, called with their parameters; it
            takes the place of readout_lr and readout_weight_decay.
        readout_steps: readout updates per step on the same activations, >= 1.
        forget_warmup: steps before the first forgetting, >= 0.
        forget_steps: forget steps in a row when forgetting is due, >= 1.
        order: "shared" or "published".
        update_statistics: let forget steps move BatchNorm statistics and other buffers.
        seed: seed of the readout's initialisation; the global random state is not used.
        clip_norm: largest gradient norm of a main update, > 0; None: no clipping.
        accumulate: batches per main update, >= 1. Forgetting follows optimiser steps; after the one
            that `end_epoch` makes, it waits for the next batch.
        scheduler: learning rate schedule, stepped after each main update.
        autocast: "bf16", "fp16" or None: mixed precision of all passes, but full precision for
            readouts and forgetting under fp16, whose gradients would need scaling.

    Raises:
        InputError: a setting is out of its range.
        LayerError: the network has no such layer.

    Warns:
        UserWarning: the schedule never forgets.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        >>> sieve = es.FeatureSieve(net, "0", num_classes=2, optimizer=optimizer, forget_every=2)
        >>> logs = sieve.step(es.Batch(x[:32], y[:32]))
        >>> sorted(logs)
        ['accuracy', 'forget_loss', 'loss', 'readout_accuracy', 'readout_loss']
    """

    def __init__(
        self,
        model: nn.Module,
        layer: str | Sequence[str],
        num_classes: int,
        *,
        optimizer: Optimizer | None = None,
        readout: Head | nn.Module | None = None,
        forget_every: int | ForgetSchedule = 5,
        forget_lr: float = 1e-2,
        forget_with_lr: bool = False,
        readout_lr: float = 1e-2,
        readout_weight_decay: float = 1e-4,
        readout_optimizer: MakeOptimizer | None = None,
        readout_steps: int = 1,
        forget_warmup: int = 0,
        forget_steps: int = 1,
        order: Literal["shared", "published"] = "shared",
        update_statistics: bool = False,
        seed: int = 0,
        clip_norm: float | None = None,
        accumulate: int = 1,
        scheduler: LRScheduler | None = None,
        autocast: torch.dtype | str | None = None,
    ) -> None:
        check_readout_settings(
            readout_optimizer, readout_lr=readout_lr, readout_weight_decay=readout_weight_decay
        )
        self.model = model
        check_layers(model, [layer] if isinstance(layer, str) else layer)
        self._sieving = SieveSettings(
            layers=(layer,) if isinstance(layer, str) else tuple(layer),
            num_classes=num_classes,
            readout=LinearHead() if readout is None else readout,
            schedule=schedule_of(forget_every, forget_warmup, forget_steps),
            forget_lr=forget_lr,
            forget_with_lr=forget_with_lr,
            readout_lr=readout_lr,
            readout_weight_decay=readout_weight_decay,
            readout_steps=readout_steps,
            order=order,
            update_statistics=update_statistics,
            seed=seed,
        )
        main: dict[str, Any] = {
            "clip_norm": clip_norm,
            "accumulate": accumulate,
            "scheduler": scheduler,
        }
        check_main_settings(optimizer, {**main, "forget_with_lr": forget_with_lr})
        self.precision = MixedPrecision(autocast, model)
        self._main = MainUpdate(model, optimizer, self.precision, **main)
        self._early = EarlyPart(model, self._sieving, self._main.learns, readout_optimizer)
        self.steps_done = 0
        self.epochs_done = 0
        self._owed = 0
        self._sieving.warn_if_idle(stacklevel=2)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Plain values that messages name and that a checkpoint has to agree with."""
        return {**self._main.settings, **self._sieving.describe()}

    @property
    def layers(self) -> list[str]:
        """The layers that are sieved."""
        return list(self._sieving.layers)

    @property
    def stepper(self) -> Stepper:
        """What makes the main update; raises InputError if there is no optimiser."""
        return self._main.stepper

    @property
    def readouts(self) -> TrainedReadouts:
        """The readouts.

        Raises:
            InputError: neither a batch nor a checkpoint has been seen yet.
        """
        return self._early.readouts

    def prepare(self, batch: Any) -> None:
        """Check a batch; at the first, look at the network with two examples and build readouts.

        Done by every step. Leaves no trace in the model.

        Raises:
            LayerError: a layer is unknown, runs several times, has nothing to train before it or
                nothing after it.
            InputError: model or readout give another number of logits than `num_classes`, or a
                label is not among the classes.
        """
        self._early.prepare(as_batch(batch))

    def step(self, batch: Any) -> dict[str, float]:
        """One main and one readout update, and forget updates when due.

        Args:
            batch: a `Batch`, or what a DataLoader yields: (x, y) or a mapping.

        Returns:
            loss, accuracy, readout_loss, readout_accuracy (means over layers; also by layer where
            there are several), and forget_loss when it was due; losses in nats, before the update.

        Raises:
            NonFiniteLossError: the first loss is NaN or infinite; no parameter was changed.
            TrainingError: a later loss of the step is; what came before it in the step was done.

        Warns:
            UserWarning: the model is in evaluation mode, though it has dropout or BatchNorm.
        """
        self._main.require()
        warn_if_evaluating(self.model)
        batch = as_batch(batch)
        self.prepare(batch)
        if self._sieving.order == "published":
            return self._published_step(batch)
        return self._shared_step(batch)

    def main_step(self, batch: Any) -> dict[str, float]:
        """The main update alone: plain training."""
        self._main.require()
        batch = as_batch(batch)
        self.prepare(batch)
        return self._main.step(batch).logs

    def readout_step(self, batch: Any) -> dict[str, float]:
        """The readout update alone, from a pass of its own that stops at the layer.

        Nothing of the model changes, no buffer and no random number.
        """
        batch = as_batch(batch)
        self.prepare(batch)
        return self._identify(observe(self.model, batch, self.layers, self.precision), batch)

    def forget_step(self, batch: Any) -> dict[str, float]:
        """The forget update alone: it changes parameters before the layer and nothing else."""
        batch = as_batch(batch)
        self.prepare(batch)
        return self._forget(batch, 1)

    def after_step(self, batch: Any, *, stepped: bool = True) -> dict[str, float]:
        """Readout and, when due, forget updates, after a main update made elsewhere.

        Args:
            batch: that of the main update.
            stepped: whether the main optimiser stepped; False for a micro-batch of an accumulation,
                from which the readout learns, but which is no occasion to forget.
        """
        batch = as_batch(batch)
        logs = self.readout_step(batch)
        with self._half_done():
            return logs | (self._forget(batch, self._due()) if stepped else {})

    def end_epoch(self) -> dict[str, float]:
        """Count the epoch, and step with what has accumulated."""
        if self._main.flush() and self._sieving.order == "shared":
            self._owed += self._due()
        self.epochs_done += 1
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Everything beside the model: optimisers, readouts, counters."""
        return {
            "format_version": FORMAT_VERSION,
            "stepper": self._main.state_dict(),
            "readouts": self._early.state_dict(),
            "steps_done": self.steps_done,
            "epochs_done": self.epochs_done,
            "owed": self._owed,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            CheckpointError: it belongs to another algorithm, layer, readout or optimiser.
        """
        if state.get("format_version") != FORMAT_VERSION or "readouts" not in state:
            raise CheckpointError(
                f"Expected the state of a feature sieve of format version {FORMAT_VERSION}, but "
                f"got keys {', '.join(map(str, state))}; load a checkpoint of the same method"
            )
        self._main.check_state(state["stepper"])
        self._early.load_state_dict(state["readouts"])
        self._main.load_state_dict(state["stepper"])
        self.steps_done = int(state["steps_done"])
        self.epochs_done = int(state["epochs_done"])
        self._owed = int(state["owed"])

    def _shared_step(self, batch: Batch) -> dict[str, float]:
        owed = self._owed
        logs = self._forget(batch, owed)
        self._owed = 0
        with self._half_done(owed > 0):
            main = self._main.step(batch, self.layers)
        with self._half_done():
            logs |= main.logs | self._identify(main.activations, batch)
            return logs | (self._forget(batch, self._due()) if main.stepped else {})

    def _published_step(self, batch: Batch) -> dict[str, float]:
        with self.precision.network():
            activations = capture(self.model, batch.inputs, self.layers).outputs
        logs = self._identify(activations, batch, through=self._early.parameters)
        with self._half_done():
            if self.stepper.pending == 0:
                logs |= self._forget(batch, self._due(), stop=False)
            return self._main.step(batch).logs | logs

    def _identify(
        self, activations: Mapping[str, Tensor], batch: Batch, *, through: Sequence[Tensor] = ()
    ) -> dict[str, float]:
        readouts = self._early.readouts
        logs = identify(readouts, activations, batch, self.precision, through=through)
        with self._half_done():
            for _ in range(1, self._sieving.readout_steps):
                identify(readouts, activations, batch, self.precision, through=through)
        return logs

    def _due(self) -> int:
        """Count an optimiser step, and say how often to forget after it."""
        due = self._sieving.schedule.due(self.steps_done, self.epochs_done)
        self.steps_done += 1
        return 0 if self._sieving.never_forgets else due

    def _forget(self, batch: Batch, times: int, *, stop: bool = True) -> dict[str, float]:
        scale = self._main.lr_share() if self._sieving.forget_with_lr else 1.0
        losses = []
        for done in range(times):
            with self._half_done(done > 0):
                loss = forget(
                    self.model,
                    self._early.readouts,
                    self._early.parameters,
                    batch,
                    self.precision,
                    lr=self._sieving.forget_lr * scale,
                    update_statistics=self._sieving.update_statistics,
                    stop=stop,
                )
            losses.append(loss)
        return {"forget_loss": losses[0]} if losses else {}

    def _half_done(self, changed: bool = True) -> AbstractContextManager[None]:
        return half_done(self.settings, step=self.steps_done) if changed else nullcontext()
