"""The early readout: it learns from the activations of a pass, and judges examples."""

import copy
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from earlysieve.errors import CheckpointError, InputError
from earlysieve.model.capture import Transform
from earlysieve.model.layers import LayerPlan
from earlysieve.model.layout import Layout
from earlysieve.model.state import evaluating, preserved_rng
from earlysieve.readouts.heads import Head, LinearHead, MLPHead, StatisticsHead, check_recipe
from earlysieve.readouts.margin import margins
from earlysieve.readouts.pooling import mean_pool, statistics_pool
from earlysieve.readouts.trained import TrainedReadouts, build_readouts, dtype_of
from earlysieve.training.algorithm import NonFiniteLossError
from earlysieve.training.distributed import take_from_first
from earlysieve.training.gradients import gradients_of


class EarlyReader:
    """A readout on one layer, with an Adam of its own, that never touches the network.

    For heads that pool first, only the pooled rows of an activation are kept.

    Args:
        layer: name of the layer.
        recipe: what to build; or a module, called as `module(activation, mask)`, that is copied.
            Where several processes train together, all start from the copy of the first.
        num_classes: C >= 2.
        lr: learning rate of its Adam, >= 0.
        weight_decay: weight decay of its Adam, >= 0.

    Attributes:
        recipe: what readouts are built from.

    Raises:
        InputError: a setting is out of its range.
    """

    def __init__(
        self,
        layer: str,
        recipe: Head | nn.Module,
        num_classes: int,
        *,
        lr: float,
        weight_decay: float,
    ) -> None:
        check_recipe(recipe)
        _check(
            readout_lr=(lr, 0), readout_weight_decay=(weight_decay, 0), num_classes=(num_classes, 2)
        )
        self.layer, self.num_classes = layer, num_classes
        self.lr, self.weight_decay = lr, weight_decay
        self._pool = _pooling_of(recipe)
        self.recipe = copy.deepcopy(recipe)
        self._layout: Layout | None = None
        self._built: TrainedReadouts | None = None

    def prepare(self, plan: LayerPlan, device: torch.device, *, seed: int) -> None:
        """Take note of the layer's layout, and build the readout unless it was loaded.

        Where several processes train together, all of them call it.
        """
        self._layout = plan.layout
        if isinstance(self.recipe, nn.Module):
            take_from_first([*self.recipe.parameters(), *self.recipe.buffers()])
        if self._built is None:
            self.restart(plan, device, seed=seed)

    def restart(self, plan: LayerPlan, device: torch.device, *, seed: int) -> None:
        """Build a fresh readout for a layer; its initialisation comes from `seed` alone.

        Raises:
            InputError: the readout does not fit the layer or the number of classes.
        """
        self._layout = plan.layout
        if self._pool is not None:
            width = self._pool(torch.zeros(plan.shape, dtype=torch.float32), plan.layout).shape[1]
            plan = LayerPlan((plan.shape[0], width), Layout.FLAT)
        self._built = self._build(plan, device, seed)

    def renew(self, *, seed: int) -> None:
        """Put a fresh readout and optimiser in the place of the present ones."""
        built = self._ready()
        device = next(built.modules[self.layer].parameters()).device
        self._built = self._build(built.plans[self.layer], device, seed)

    def features(self, mask: Tensor | None) -> Transform:
        """For `capture`: what to keep of the layer's output, without a graph."""

        def kept(_layer: str, output: Tensor) -> Tensor:
            output = output.detach()
            if self._pool is None or self._layout is None:
                return output.clone()
            pooled = self._pool(output, self._layout, mask)
            return pooled.clone() if self._layout is Layout.FLAT else pooled

        return kept

    def learn(
        self,
        features: Tensor,
        mask: Tensor | None,
        labels: Tensor,
        *,
        together: bool = True,
        scale: float = 1.0,
    ) -> Tensor:
        """One update; the logits before it, without a graph, shape (B, C).

        Args:
            features: what `features` kept of a batch, batch in the first dimension.
            mask: attention mask, shape (B, tokens), or None.
            labels: true class, int64, shape (B,).
            together: average gradients over processes, all of which call this at the same time.
            scale: factor of the loss, > 0, for a process that has more or less than its share of a
                batch.

        Raises:
            NonFiniteLossError: the readout's loss is NaN or infinite; nothing was changed.
        """
        built = self._ready()
        with torch.enable_grad(), self._own_randomness():
            logits = self._logits(built, features, mask)
            loss = scale * F.cross_entropy(logits, labels)
        if not bool(torch.isfinite(loss)):
            raise NonFiniteLossError(
                f"Expected a finite readout loss, but got {float(loss.detach())}; lower readout_lr"
            )
        built.update(gradients_of(loss, built.parameters, together=together))
        return logits.detach()

    @torch.no_grad()
    def read(self, features: Tensor, mask: Tensor | None) -> Tensor:
        """Logits, shape (B, C)."""
        built = self._ready()
        with self._own_randomness(), evaluating(built.modules[self.layer]):
            return self._logits(built, features, mask)

    def state_dict(self) -> dict[str, Any] | None:
        """The readout, its optimiser, and what is needed to build them; None before `prepare`."""
        if self._built is None:
            return None
        state = self._built.state_dict()
        shape, layout = state["plans"][self.layer]
        return {
            "layer": self.layer,
            "shape": shape,
            "layout": layout,
            "module": state["modules"][self.layer],
            "optimizer": state["optimizer"],
        }

    def load_state_dict(self, state: Mapping[str, Any] | None, device: torch.device) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            CheckpointError: it belongs to another layer or readout.
        """
        self._built = None
        if state is None:
            return
        if state["layer"] != self.layer:
            raise CheckpointError(
                f"Expected a readout of layer '{self.layer}', but got one of "
                f"'{state['layer']}'; go on with the layer of the first run"
            )
        plan = LayerPlan(tuple(state["shape"]), Layout[state["layout"]])
        built = self._build(plan, device, 0)
        built.load_state_dict(
            {"modules": {self.layer: state["module"]}, "optimizer": state["optimizer"]}
        )
        self._built = built

    def describe(self) -> dict[str, Any]:
        """Layer and readout as plain values."""
        module = isinstance(self.recipe, nn.Module)
        return {
            "layer": self.layer,
            "num_classes": self.num_classes,
            "readout": "module" if module else repr(self.recipe),
            "readout_lr": self.lr,
            "readout_weight_decay": self.weight_decay,
        }

    def _logits(self, built: TrainedReadouts, features: Tensor, mask: Tensor | None) -> Tensor:
        features = features.to(dtype_of(built.modules[self.layer]))
        return built.logits(self.layer, features, mask if self._pool is None else None).float()

    def _ready(self) -> TrainedReadouts:
        if self._built is None:
            raise InputError(
                "Expected a readout that has seen a batch, since it takes its size from one, but "
                "it has not; call prepare(batch) or step(batch) first"
            )
        return self._built

    def _build(self, plan: LayerPlan, device: torch.device, seed: int) -> TrainedReadouts:
        plans, recipe = {self.layer: plan}, copy.deepcopy(self.recipe)
        modules = build_readouts(recipe, plans, self.num_classes, seed=seed, device=device)
        optimizer = torch.optim.Adam(
            modules[self.layer].parameters(), lr=self.lr, weight_decay=self.weight_decay
        )
        return TrainedReadouts(plans, modules, optimizer)

    def _own_randomness(self) -> AbstractContextManager[None]:
        """A module of the user's may hold dropout; heads of this package draw nothing."""
        return preserved_rng() if isinstance(self.recipe, nn.Module) else nullcontext()


def mistakes(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Whether the readout is wrong, bool (B,), and its margin, shape (B,), in [0, 1]."""
    return logits.argmax(-1) != labels, margins(logits.softmax(-1))


def _check(**settings: tuple[float, float]) -> None:
    for name, (value, least) in settings.items():
        if not least <= value < float("inf"):
            raise InputError(
                f"Expected {name} to be a number of at least {least}, but got {value}; "
                "see the documentation of DebiasedDistillation for usual values"
            )


def _pooling_of(recipe: Head | nn.Module) -> Callable[..., Tensor] | None:
    """How a head pools before it does anything else; None: it wants all positions."""
    if isinstance(recipe, StatisticsHead):
        return statistics_pool
    return mean_pool if isinstance(recipe, LinearHead | MLPHead) else None
