"""Readouts that learn batch by batch beside a network: modules, their optimiser, their state."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.errors import CheckpointError, InputError
from earlysieve.model.buffers import kept_buffers
from earlysieve.model.layers import LayerPlan
from earlysieve.model.precision import at_least_single
from earlysieve.model.state import evaluating, preserved_rng
from earlysieve.readouts.heads import Head


class TrainedReadouts:
    """One readout per layer, all under one optimiser, which never touch the network.

    Args:
        plans: shape and layout of what each readout takes, by layer.
        modules: the readouts, by layer; see `build_readouts`.
        optimizer: over their parameters.

    Attributes:
        parameters: of all readouts, those that learn.
    """

    def __init__(
        self,
        plans: Mapping[str, LayerPlan],
        modules: Mapping[str, nn.Module],
        optimizer: Optimizer,
    ) -> None:
        self.plans, self.modules = dict(plans), dict(modules)
        self.optimizer = optimizer
        self.parameters = learning(self.modules)

    def logits(self, layer: str, activation: Tensor, mask: Tensor | None) -> Tensor:
        """What a layer's readout gives, shape (B, C).

        Without mixed precision it runs in the precision of the readout, whatever the model's.
        """
        module = self.modules[layer]
        if not torch.is_autocast_enabled(activation.device.type):
            activation = activation.to(dtype_of(module))
        logits: Tensor = module(activation, mask)
        return logits

    def identify(
        self, activations: Mapping[str, Tensor], mask: Tensor | None, labels: Tensor
    ) -> tuple[dict[str, Tensor], dict[str, float]]:
        """Cross-entropy, in nats, and accuracy of each readout, by layer."""
        losses, accuracies = {}, {}
        for name in self.modules:
            logits = at_least_single(self.logits(name, activations[name], mask))
            losses[name] = F.cross_entropy(logits, labels)
            accuracies[name] = float((logits.detach().argmax(1) == labels).double().mean())
        return losses, accuracies

    def update(self, gradients: Sequence[Tensor]) -> None:
        """One optimiser step with the gradients of `parameters`."""
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        self.optimizer.step()
        self.optimizer.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        """Parameters, optimiser, and what is needed to build the readouts again."""
        return {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimizer": self.optimizer.state_dict(),
            "plans": {n: [list(p.shape), p.layout.name] for n, p in self.plans.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned; plans are not looked at.

        Raises:
            CheckpointError: it belongs to another kind of readout.
        """
        try:
            for name, module in self.modules.items():
                module.load_state_dict(state["modules"][name])
            self.optimizer.load_state_dict(dict(state["optimizer"]))
        except (RuntimeError, ValueError) as error:
            raise CheckpointError(
                "Expected readouts of the same kind and size as in the first run, but got others; "
                "go on with the readout of the first run"
            ) from error


def build_readouts(
    recipe: Head | nn.Module,
    plans: Mapping[str, LayerPlan],
    num_classes: int,
    *,
    seed: int,
    device: torch.device,
) -> dict[str, nn.Module]:
    """One readout for each layer, checked to give logits of `num_classes` classes.

    Args:
        recipe: what to build; or a module of your own, called as `module(activation, mask)`, for a
            single layer, which is taken as it is.
        plans: shape and layout of what each readout takes, by layer.
        num_classes: C.
        seed: of the first readout's initialisation; the others follow.
        device: of the model.

    Raises:
        InputError: a readout gives another number of logits than C, or does not fit the layer.
    """
    modules = {}
    for i, (name, plan) in enumerate(plans.items()):
        built = recipe
        if not isinstance(built, nn.Module):
            built = built.build(plan.shape, num_classes, layout=plan.layout, seed=seed + i)
        modules[name] = built.to(device)
    for name, plan in plans.items():
        _check_output(modules[name], plan, num_classes, device)
    return modules


def learning(modules: Mapping[str, nn.Module]) -> list[nn.Parameter]:
    """The parameters of some modules that require a gradient."""
    everything = [p for module in modules.values() for p in module.parameters()]
    return [p for p in everything if p.requires_grad]


def dtype_of(module: nn.Module) -> torch.dtype:
    """The type of a module's first floating-point parameter; single precision if it has none."""
    found = (p.dtype for p in module.parameters() if p.is_floating_point())
    return next(found, torch.float32)


def _check_output(module: nn.Module, plan: LayerPlan, classes: int, device: torch.device) -> None:
    zeros = torch.zeros(plan.shape, device=device, dtype=dtype_of(module))
    with torch.no_grad(), preserved_rng(), kept_buffers(module), evaluating(module):
        logits = _call(module, zeros)
    if logits.ndim != 2 or logits.shape[1] != classes:
        raise InputError(
            f"Expected a readout that gives {classes} logits, one per class, but it gives shape "
            f"{tuple(logits.shape)}; build the readout for {classes} classes"
        )


def _call(module: nn.Module, zeros: Tensor) -> Tensor:
    try:
        logits: Tensor = module(zeros, None)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"Expected a readout that takes (activation, mask) with an activation of shape "
            f"{tuple(zeros.shape)}, but it failed ({error}); fit its sizes to the layer"
        ) from error
    return logits
