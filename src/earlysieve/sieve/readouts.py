"""The readouts of a sieve: one small classifier per layer, with an optimiser of their own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.errors import CheckpointError, InputError
from earlysieve.model.buffers import kept_buffers
from earlysieve.model.layers import LayerPlan
from earlysieve.model.layout import Layout
from earlysieve.model.precision import at_least_single
from earlysieve.model.state import evaluating, preserved_rng
from earlysieve.readouts.heads import Head
from earlysieve.sieve.losses import uniform_cross_entropy
from earlysieve.training.distributed import take_from_first

MakeOptimizer = Callable[[Iterable[nn.Parameter]], Optimizer]


class Readouts:
    """One readout per layer, trained on activations that are cut off from the network.

    Args:
        recipe: what to build for each layer; or a module of your own, called as
            `module(activation, mask)`, for a single layer.
        plans: shape and layout of each layer.
        num_classes: C.
        make_optimizer: given the readouts' parameters.
        seed: of the first readout's initialisation; the others follow.
        device: of the model.

    Raises:
        InputError: a readout gives another number of logits than C, or does not fit the layer.
    """

    def __init__(
        self,
        recipe: Head | nn.Module,
        plans: Mapping[str, LayerPlan],
        num_classes: int,
        make_optimizer: MakeOptimizer,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        self.plans = dict(plans)
        self.modules = {
            name: _build(recipe, plan, num_classes, seed + i, device)
            for i, (name, plan) in enumerate(plans.items())
        }
        for name, plan in plans.items():
            _check_output(self.modules[name], plan, num_classes, device)
        everything = [p for module in self.modules.values() for p in module.parameters()]
        self.parameters = [p for p in everything if p.requires_grad]
        self.optimizer = make_optimizer(self.parameters)

    def take_from_first(self) -> None:
        """Start from the values of the first of the processes that train together.

        A module of the user's own may have been initialised differently in each of them.
        """
        for module in self.modules.values():
            take_from_first([*module.parameters(), *module.buffers()])

    def identify(
        self, activations: Mapping[str, Tensor], mask: Tensor | None, labels: Tensor
    ) -> tuple[dict[str, Tensor], dict[str, float]]:
        """Cross-entropy and accuracy of each readout."""
        losses, accuracies = {}, {}
        for name, module in self.modules.items():
            logits = at_least_single(_read(module, activations[name], mask))
            losses[name] = F.cross_entropy(logits, labels)
            accuracies[name] = float((logits.detach().argmax(1) == labels).double().mean())
        return losses, accuracies

    def erasure(self, activations: Mapping[str, Tensor], mask: Tensor | None) -> Tensor:
        """Sum over layers of the cross-entropy against uniform, with the graph to the network."""
        losses = [
            uniform_cross_entropy(_read(module, activations[name], mask))
            for name, module in self.modules.items()
        ]
        return torch.stack(losses).sum()

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
        """Go on from what `state_dict` returned.

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


def saved_plans(state: Mapping[str, Any], layers: Sequence[str]) -> dict[str, LayerPlan]:
    """The layers' shapes and layouts as `Readouts.state_dict` kept them.

    Raises:
        CheckpointError: it belongs to other layers.
    """
    if list(state["plans"]) != list(layers):
        raise CheckpointError(
            f"Expected readouts of the layers {', '.join(layers)}, but got those of "
            f"{', '.join(state['plans'])}; go on with the layers of the first run"
        )
    return {
        name: LayerPlan(tuple(shape), Layout[layout])
        for name, (shape, layout) in state["plans"].items()
    }


def _read(module: nn.Module, activation: Tensor, mask: Tensor | None) -> Tensor:
    """Logits; without mixed precision, in the precision of the readout, whatever the model's."""
    if not torch.is_autocast_enabled(activation.device.type):
        activation = activation.to(_dtype_of(module))
    logits: Tensor = module(activation, mask)
    return logits


def _dtype_of(module: nn.Module) -> torch.dtype:
    found = (p.dtype for p in module.parameters() if p.is_floating_point())
    return next(found, torch.float32)


def _build(
    recipe: Head | nn.Module, plan: LayerPlan, classes: int, seed: int, device: torch.device
) -> nn.Module:
    if isinstance(recipe, nn.Module):
        return recipe.to(device)
    return recipe.build(plan.shape, classes, layout=plan.layout, seed=seed).to(device)


def _check_output(module: nn.Module, plan: LayerPlan, classes: int, device: torch.device) -> None:
    zeros = torch.zeros(plan.shape, device=device, dtype=_dtype_of(module))
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
