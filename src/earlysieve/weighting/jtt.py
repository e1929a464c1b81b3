"""JTT: train a first model briefly, then weight up what it got wrong."""

from typing import Any, Unpack

from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.datasets.batches import Data, as_batch
from earlysieve.model.unwrap import unwrap
from earlysieve.training.optim import MakeOptimizer
from earlysieve.weighting.error_set import ErrorSet, same_kind
from earlysieve.weighting.loss_and_weighting import CrossEntropy, ExampleLoss
from earlysieve.weighting.per_example import PerExampleTraining, StepSettings


class TrainTwice(PerExampleTraining):
    """The first epochs train the error set's model; then `model` learns with fixed weights.

    Args:
        model: what is trained second.
        optimizer: over its parameters.
        loss: of the second training, one per example.
        errors: the first training, and the weights that it gives.
        step: clip_norm, accumulate, scheduler, autocast of the second training, see `Stepper`.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        loss: ExampleLoss,
        errors: ErrorSet,
        **step: Unpack[StepSettings],
    ) -> None:
        super().__init__(model, optimizer, loss, errors, **step)
        self.errors = errors

    def step(self, batch: Any) -> dict[str, float]:
        """One step of the first or of the second training; see `PerExampleTraining.step`."""
        batch = as_batch(batch)
        if self.errors.weights is not None:
            return super().step(batch)
        self.errors.check(batch)
        return self.errors.step(batch, training=self.model.training)

    @property
    def weights(self) -> Tensor | None:
        """The weights, shape (N,), with mean 1; None while the first training goes on."""
        return None if self.errors.weights is None else self.errors.weights.clone()

    @property
    def ready_to_evaluate(self) -> bool:
        """Whether `model` has learned for an epoch; in the first training it does not."""
        return self.epochs_done > self.errors.epochs


class JTT(TrainTwice):
    """Just train twice: plain training, then again with the first model's errors weighted up.

    In the first `identification_epochs` epochs, steps train the identification model and leave
    `model` as it is; then one pass over `data` finds its errors, and `model` minimises
    1/B sum_i w_i CE, w_i proportional to `upweight` for errors and to 1 elsewhere, with mean 1: the
    expected gradient of the source's data set in which errors are repeated.

    Source: Liu et al., "Just Train Twice: Improving Group Robustness without Training Group
    Information", ICML 2021, arXiv 2107.09044, algorithm 1.

    Args:
        model: any classifier.
        optimizer: over its parameters.
        data: the training data; batches carry their indices.
        identification_epochs: T >= 1, to be chosen on validation data, as is `upweight`.
        upweight: lambda_up >= 1.
        num_workers: processes that load the data for the pass that finds errors, >= 0.
        identifier: the first model, copied; None: `model` as it is now.
        identifier_optimizer: called with the first model's parameters; None: class and settings of
            `optimizer`.
        step: clip_norm, accumulate, scheduler, autocast of the second training, see `Stepper`.

    Raises:
        InputError: a setting is out of its range.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        >>> jtt = es.JTT(net, optimizer=optimizer, data=(x, y), upweight=5.0)
        >>> es.fit(jtt, (x, y), epochs=2, progress=False).epochs
        2
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        optimizer: Optimizer,
        data: Data,
        identification_epochs: int = 1,
        upweight: float = 20.0,
        num_workers: int = 0,
        identifier: nn.Module | None = None,
        identifier_optimizer: MakeOptimizer | None = None,
        **step: Unpack[StepSettings],
    ) -> None:
        errors = ErrorSet(
            identifier or unwrap(model),
            data,
            epochs=identification_epochs,
            upweight=upweight,
            num_workers=num_workers,
            make_optimizer=identifier_optimizer
            or same_kind(optimizer, unwrap(model) if identifier is None else None),
        )
        super().__init__(model, optimizer, CrossEntropy(), errors, **step)
