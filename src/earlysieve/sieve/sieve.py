"""SiFer: learn the task, identify what an early layer can read off, and erase it.

Source: Tiwari and Shenoy, "Overcoming Simplicity Bias in Deep Networks using a Feature Sieve",
ICML 2023, arXiv 2301.13293, section 3.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from earlysieve.errors import CheckpointError, InputError
from earlysieve.model.batch import Batch, call_model, logits_of
from earlysieve.model.capture import capture
from earlysieve.model.state import preserved_rng
from earlysieve.model.unwrap import is_distributed
from earlysieve.readouts.heads import Head, LinearHead
from earlysieve.sieve.buffers import kept_buffers
from earlysieve.sieve.checks import check_settings
from earlysieve.sieve.plan import LayerPlan, SievePlan, plan_layers
from earlysieve.sieve.readouts import MakeOptimizer, Readouts, check_finite, saved_plans
from earlysieve.sieve.schedule import ForgetSchedule
from earlysieve.training.distributed import average_gradients
from earlysieve.training.erm import accuracy, check_labels
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

    Order "shared": one forward pass serves main and readout, and a forget step stops at the layer.
    Order "published" runs a full pass for each (readout, forget when due, main), as the authors'
    code does; in training mode its passes move BatchNorm statistics twice a step. With forgetting
    off both give the same parameters to the last bit on a network without dropout, and "shared"
    equals plain training.

    Args:
        model: any classifier. It runs in the mode it is in: put it into training mode.
        layer: where to cut, a name from `trace_layers`; several names sieve several layers, and
            their forgetting losses are added.
        num_classes: C.
        optimizer: of the main update, over the model's parameters.
        readout: how complex the features are that count as simple: `LinearHead()`, `MLPHead`,
            `ConvHead`, `TokenHead`, or a module called as `module(activation, mask)`.
        forget_every: forget at every k-th step (numbers from 0); 0: never. Or a `ForgetSchedule`.
        forget_lr: step size of the forget update, >= 0.
        readout_lr: learning rate of the readout's Adam, > 0.
        readout_weight_decay: of the readout.
        readout_optimizer: another optimiser for the readouts: called with their parameters.
        readout_steps: readout updates per step on the same activations, >= 1.
        forget_warmup, forget_steps: steps before the first forgetting; forget steps in a row.
        order: "shared" or "published".
        update_statistics: let forget steps move BatchNorm statistics and other buffers.
        seed: of the readout's initialisation; the global random state is not used.
        clip_norm, accumulate, scheduler, autocast: of the main update, see `Stepper`. With
            accumulation, forgetting follows optimiser steps. Forgetting runs in the same precision,
            but in full precision under fp16, whose gradients would need scaling.

    Raises:
        InputError: a setting is out of its range.

    Warns:
        UserWarning: the schedule never forgets.
    """

    def __init__(
        self,
        model: nn.Module,
        layer: str | Sequence[str],
        num_classes: int,
        *,
        optimizer: Optimizer,
        readout: Head | nn.Module | None = None,
        forget_every: int | ForgetSchedule = 5,
        forget_lr: float = 1e-2,
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
        self.model = model
        self.layers = [layer] if isinstance(layer, str) else list(layer)
        self.num_classes = num_classes
        self.recipe: Head | nn.Module = LinearHead() if readout is None else readout
        self.schedule = (
            forget_every
            if isinstance(forget_every, ForgetSchedule)
            else ForgetSchedule(forget_every, forget_warmup, forget_steps)
        )
        self.forget_lr, self.readout_lr = forget_lr, readout_lr
        self.readout_weight_decay = readout_weight_decay
        self.readout_steps = readout_steps
        self.order = order
        self.update_statistics = update_statistics
        self.seed = seed
        self.stepper = Stepper(
            optimizer,
            clip_norm=clip_norm,
            accumulate=accumulate,
            scheduler=scheduler,
            autocast=autocast,
        )
        self._make_optimizer = readout_optimizer or self._adam
        self._plan: SievePlan | None = None
        self._readouts: Readouts | None = None
        self.steps_done = 0
        self.epochs_done = 0
        check_settings(
            self.layers,
            self.recipe,
            self.schedule,
            self.order,
            {
                "forget_lr": forget_lr,
                "readout_lr": readout_lr,
                "readout_steps": readout_steps,
                "num_classes": num_classes,
            },
        )

    @property
    def settings(self) -> Mapping[str, Any]:
        """Plain values that messages name and that a checkpoint has to agree with."""
        return {
            **self.stepper.settings,
            "layer": list(self.layers),
            "readout": repr(self.recipe) if not isinstance(self.recipe, nn.Module) else "module",
            "forget_every": self.schedule.every,
            "forget_warmup": self.schedule.warmup,
            "forget_steps": self.schedule.repeats,
            "forget_unit": self.schedule.unit,
            "forget_lr": self.forget_lr,
            "readout_lr": self.readout_lr,
            "readout_steps": self.readout_steps,
            "order": self.order,
        }

    @property
    def readouts(self) -> Readouts:
        """The readouts.

        Raises:
            InputError: neither a batch nor a checkpoint has been seen yet.
        """
        if self._readouts is None:
            raise InputError(
                "Expected a sieve that has seen a batch, since readouts take their size from one, "
                "but it has not; call prepare(batch) or step(batch) first"
            )
        return self._readouts

    def prepare(self, batch: Batch) -> None:
        """Look at the network with two examples and build the readouts; done by the first step.

        Leaves no trace in the model.

        Raises:
            LayerError: a layer is unknown, runs several times, has nothing to train before it or
                nothing behind it.
            InputError: model or readout give another number of logits than `num_classes`.
        """
        if self._plan is not None:
            return
        self._plan = plan_layers(self.model, batch, self.layers, self.num_classes)
        if self._readouts is None:
            device = self._plan.early[0].device
            self._readouts = self._build(self._plan.layers, device)

    def step(self, batch: Batch) -> dict[str, float]:
        """One main and one readout update, and forget updates when due.

        Returns:
            loss, accuracy, readout_loss, readout_accuracy (means over layers; also by layer where
            there are several), and forget_loss when it was due; losses in nats, before the update.

        Raises:
            NonFiniteLossError: a loss is NaN or infinite; that update was not made.
        """
        self.prepare(batch)
        return (
            self._published_step(batch) if self.order == "published" else self._shared_step(batch)
        )

    def main_step(self, batch: Batch) -> dict[str, float]:
        """The main update alone: plain training."""
        self.prepare(batch)
        return self._main(batch, keep=False)[0]

    def readout_step(self, batch: Batch) -> dict[str, float]:
        """The readout update alone, from a pass of its own that stops at the layer.

        Nothing of the model changes, no buffer and no random number.
        """
        self.prepare(batch)
        with preserved_rng(), kept_buffers(self.model), torch.no_grad(), self.stepper.autocast():
            activations = capture(self.model, batch.inputs, self.layers, stop=True).outputs
        return self._identify(activations, batch)

    def forget_step(self, batch: Batch) -> dict[str, float]:
        """The forget update alone: it changes parameters before the layer and nothing else."""
        self.prepare(batch)
        return self._forget(batch, stop=True)

    def after_step(self, batch: Batch) -> dict[str, float]:
        """Readout update, and forget updates when due, behind a main update made elsewhere.

        For loops that do the main update themselves. The readout learns from a pass of its own
        that stops at the layer.
        """
        return self.readout_step(batch) | self._forget_when_due(batch)

    def end_epoch(self) -> dict[str, float]:
        """Count the epoch, and step with what has accumulated."""
        self.stepper.flush()
        self.epochs_done += 1
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Everything beside the model: optimisers, readouts, counters."""
        readouts = None if self._readouts is None else self._readouts.state_dict()
        return {
            "format_version": FORMAT_VERSION,
            "stepper": self.stepper.state_dict(),
            "readouts": readouts,
            "steps_done": self.steps_done,
            "epochs_done": self.epochs_done,
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
        self.stepper.load_state_dict(state["stepper"])
        if state["readouts"] is not None:
            device = next(self.model.parameters()).device
            self._readouts = self._build(saved_plans(state["readouts"]), device)
            self._readouts.load_state_dict(state["readouts"])
        self.steps_done = int(state["steps_done"])
        self.epochs_done = int(state["epochs_done"])

    def _shared_step(self, batch: Batch) -> dict[str, float]:
        logs, activations, stepped = self._main(batch, keep=True)
        logs |= self._identify(activations, batch)
        return logs | self._forget_when_due(batch) if stepped else logs

    def _published_step(self, batch: Batch) -> dict[str, float]:
        with self.stepper.autocast():
            activations = capture(self.model, batch.inputs, self.layers).outputs
        logs = self._identify(activations, batch, through=self._early)
        if self.stepper.pending == 0:
            logs |= self._forget_when_due(batch, stop=False)
        main, _, _ = self._main(batch, keep=False)
        return main | logs

    def _main(
        self, batch: Batch, *, keep: bool
    ) -> tuple[dict[str, float], dict[str, Tensor], bool]:
        """Logs, detached activations if they are kept, and whether the optimiser stepped."""
        activations: dict[str, Tensor] = {}
        with self.stepper.autocast():
            if keep:
                captured = capture(
                    self.model,
                    batch.inputs,
                    self.layers,
                    transform=lambda _, output: output.detach().clone(),
                    wrapped=is_distributed(self.model),
                )
                logits, activations = captured.logits, captured.outputs
            else:
                logits = logits_of(call_model(self.model, batch.inputs))
            check_labels(batch.labels, logits.shape[1])
            loss = F.cross_entropy(logits, batch.labels)
        stepped = self.stepper.backward_and_step(loss)
        logs = {"loss": float(loss.detach()), "accuracy": accuracy(logits, batch.labels)}
        return logs, activations, stepped

    def _identify(
        self, activations: Mapping[str, Tensor], batch: Batch, *, through: Sequence[Tensor] = ()
    ) -> dict[str, float]:
        """Update the readouts; `through` lists parameters whose gradients are thrown away."""
        readouts = self.readouts
        logs: dict[str, float] = {}
        for _ in range(self.readout_steps):
            inputs = activations if through else {k: v.detach() for k, v in activations.items()}
            with self.stepper.autocast(), torch.enable_grad():
                losses, accuracies = readouts.identify(inputs, batch.mask, batch.labels)
            total = torch.stack(list(losses.values())).sum()
            check_finite("readout", total)
            logs = logs or _logs(losses, accuracies)
            wanted = [*readouts.parameters, *through]
            gradients = torch.autograd.grad(total, wanted, retain_graph=bool(through))
            readouts.update(average_gradients(gradients[: len(readouts.parameters)]))
        return logs

    def _forget_when_due(self, batch: Batch, *, stop: bool = True) -> dict[str, float]:
        logs: dict[str, float] = {}
        for _ in range(self.schedule.due(self.steps_done, self.epochs_done)):
            found = self._forget(batch, stop=stop)
            logs = logs or found
        self.steps_done += 1
        return logs

    def _forget(self, batch: Batch, *, stop: bool) -> dict[str, float]:
        with self._kept_statistics(), torch.enable_grad():
            with self._forget_precision():
                activations = capture(self.model, batch.inputs, self.layers, stop=stop).outputs
                loss = self.readouts.erasure(activations, batch.mask)
            check_finite("forget", loss)
            gradients = torch.autograd.grad(loss, self._early)
        with torch.no_grad():
            for parameter, gradient in zip(self._early, average_gradients(gradients), strict=True):
                parameter.sub_(gradient, alpha=self.forget_lr)
        return {"forget_loss": float(loss.detach()) / len(self.layers)}

    def _kept_statistics(self) -> AbstractContextManager[None]:
        return nullcontext() if self.update_statistics else kept_buffers(self.model)

    def _forget_precision(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.stepper.scaler is not None else self.stepper.autocast()

    @property
    def _early(self) -> list[nn.Parameter]:
        return [] if self._plan is None else self._plan.early

    def _build(self, plans: Mapping[str, LayerPlan], device: torch.device) -> Readouts:
        return Readouts(
            self.recipe,
            plans,
            self.num_classes,
            self._make_optimizer,
            seed=self.seed,
            device=device,
        )

    def _adam(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        return torch.optim.Adam(
            parameters, lr=self.readout_lr, weight_decay=self.readout_weight_decay
        )


def _logs(losses: Mapping[str, Tensor], accuracies: Mapping[str, float]) -> dict[str, float]:
    values = {name: float(loss.detach()) for name, loss in losses.items()}
    logs = {
        "readout_loss": sum(values.values()) / len(values),
        "readout_accuracy": sum(accuracies.values()) / len(accuracies),
    }
    if len(values) > 1:
        logs |= {f"readout_loss/{name}": value for name, value in values.items()}
        logs |= {f"readout_accuracy/{name}": value for name, value in accuracies.items()}
    return logs
