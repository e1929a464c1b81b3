"""The early part of a network: its readouts, and the parameters that forgetting changes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from earlysieve.errors import CheckpointError, InputError, LayerError
from earlysieve.model.batch import Batch, check_labels
from earlysieve.model.layers import LayerPlan
from earlysieve.model.layout import Layout
from earlysieve.readouts.trained import TrainedReadouts, build_readouts, learning
from earlysieve.sieve.plan import Learns, SievePlan, plan_layers
from earlysieve.sieve.sieve_settings import SieveSettings
from earlysieve.training.distributed import take_from_first
from earlysieve.training.optim import MakeOptimizer


class EarlyPart:
    """Readouts, and the parameters before them; both are known once a batch has been seen.

    Args:
        model: any classifier.
        settings: what the sieve does.
        learns: gives a function that tells of a parameter whether it is trained at present.
        make_optimizer: makes the readouts' optimiser; None: Adam as the settings say.
    """

    def __init__(
        self,
        model: nn.Module,
        settings: SieveSettings,
        learns: Callable[[], Learns],
        make_optimizer: MakeOptimizer | None,
    ) -> None:
        self.model = model
        self.settings = settings
        self._learns = learns
        self._make_optimizer = make_optimizer or self._adam
        self.plan: SievePlan | None = None
        self._readouts: TrainedReadouts | None = None

    @property
    def readouts(self) -> TrainedReadouts:
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

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What forgetting changes at present; parameters may have been frozen or thawed meanwhile.

        Raises:
            LayerError: nothing is left.
        """
        learns = self._learns()
        early = [] if self.plan is None else [p for p in self.plan.early if learns(p)]
        if not early:
            raise LayerError(
                f"Expected trainable parameters before {', '.join(self.settings.layers)}, but they "
                "have all been frozen since the first step; keep some trainable, or go on without "
                "the sieve"
            )
        return early

    def prepare(self, batch: Batch) -> None:
        """See `FeatureSieve.prepare`."""
        if len(batch) == 0:
            raise InputError("Expected at least one example, but got an empty batch; leave it out")
        classes = self.settings.num_classes
        if self.plan is not None:
            check_labels(batch.labels, classes)
            return
        plan = plan_layers(self.model, batch, self.settings.layers, classes, self._learns())
        check_labels(batch.labels, classes)
        if self._readouts is None:
            readouts = self._build(plan.layers, plan.early[0].device)
            # A module of the user's own may have been initialised differently in each process.
            for module in readouts.modules.values():
                take_from_first([*module.parameters(), *module.buffers()])
            self._readouts = readouts
        self.plan = plan

    def state_dict(self) -> dict[str, Any] | None:
        """The state of the readouts; None before the first batch."""
        return None if self._readouts is None else self._readouts.state_dict()

    def load_state_dict(self, state: Mapping[str, Any] | None) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            CheckpointError: it belongs to other layers or to another kind of readout.
        """
        if state is None:
            return
        plans = saved_plans(state, self.settings.layers)
        readouts = self._build(plans, next(self.model.parameters()).device)
        readouts.load_state_dict(state)
        self._readouts = readouts

    def _build(self, plans: Mapping[str, LayerPlan], device: torch.device) -> TrainedReadouts:
        settings = self.settings
        modules = build_readouts(
            settings.readout, plans, settings.num_classes, seed=settings.seed, device=device
        )
        return TrainedReadouts(plans, modules, self._make_optimizer(learning(modules)))

    def _adam(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        lr, decay = self.settings.readout_lr, self.settings.readout_weight_decay
        return torch.optim.Adam(parameters, lr=lr, weight_decay=decay)


def saved_plans(state: Mapping[str, Any], layers: Sequence[str]) -> dict[str, LayerPlan]:
    """The layers' shapes and layouts as `TrainedReadouts.state_dict` kept them.

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
