"""Find the examples that a briefly trained model gets wrong, and let them weigh more.

Source: Liu et al., "Just Train Twice: Improving Group Robustness without Training Group
Information", ICML 2021, arXiv 2107.09044, section 4.1.
"""

import copy
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.datasets.batches import Data, iterate, source_of
from earlysieve.errors import CheckpointError, InputError
from earlysieve.model.batch import Batch, call_model, logits_of
from earlysieve.model.state import device_of, evaluating, preserved_rng, train_as
from earlysieve.training.distributed import of_first_process, synchronised
from earlysieve.training.erm import ERM
from earlysieve.training.model_weights import load_state
from earlysieve.training.optim import MakeOptimizer
from earlysieve.weighting.indexing import checked_index
from earlysieve.weighting.loss_and_weighting import Weighting


class ErrorSet(Weighting):
    """The first of two trainings: a model of its own, trained plainly for a few epochs.

    Args:
        identifier: the model that is trained first; it is copied.
        data: the training data, for one pass that finds its errors.
        epochs: of the first training, >= 1.
        upweight: how often an error counts, >= 1.
        num_workers: processes that load the data for that pass, >= 0.
        make_optimizer: of the first training, called with the copy's parameters.

    Attributes:
        weights: None until the first training is over; then float32, shape (N,).
    """

    def __init__(
        self,
        identifier: nn.Module,
        data: Data,
        *,
        epochs: int,
        upweight: float,
        num_workers: int,
        make_optimizer: MakeOptimizer,
    ) -> None:
        for name, value in (("identification_epochs", epochs), ("upweight", upweight)):
            if not 1 <= value < float("inf"):
                raise InputError(
                    f"Expected {name} to be at least 1, but got {value}; pass a larger number"
                )
        self.data, self.epochs, self.upweight = data, epochs, upweight
        self.num_workers = num_workers
        self.size = len(source_of(data))
        self._original = identifier
        self.identifier = copy.deepcopy(identifier)
        optimizer = make_optimizer(self.identifier.parameters())
        self._erm = ERM(synchronised(self.identifier), optimizer)
        self.weights: Tensor | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Epochs of the first training, and how often its errors count."""
        return {"identification_epochs": self.epochs, "upweight": self.upweight}

    def step(self, batch: Batch, *, training: bool) -> dict[str, float]:
        """One step of the first training."""
        train_as(self.identifier, self._original, training)
        return self._erm.step(batch)

    def check(self, batch: Batch) -> None:
        """Raise InputError if indices are missing or out of range."""
        checked_index(batch, self.size)

    def weights_of(self, batch: Batch) -> Tensor | None:
        """The weights of the examples, shape (B,); None while the first training goes on."""
        if self.weights is None:
            return None
        return self.weights[checked_index(batch, self.size)].to(batch.labels.device)

    def close_epoch(self, model: nn.Module, epoch: int) -> dict[str, float]:
        """End an epoch of the first training; find the errors after the last one.

        Returns:
            error_set (how many) and error_set_share, once they are found.
        """
        if self.weights is not None:
            return {}
        self._erm.end_epoch()
        if epoch + 1 < self.epochs:
            return {}
        # BatchNorm statistics are those of each process, so that one of them judges for all.
        found = errors(self.identifier, self.data, num_workers=self.num_workers)
        wrong = of_first_process(found)
        self.weights = upweighted(wrong, self.upweight)
        return {"error_set": float(wrong.sum()), "error_set_share": float(wrong.double().mean())}

    def state_dict(self) -> dict[str, Any]:
        """The weights, or what is needed to go on towards them."""
        if self.weights is not None:
            return {"errors": {"weights": self.weights.clone()}}
        model = self.identifier.state_dict()
        known = {"weights": None, "identifier": model, "training": self._erm.state_dict()}
        return {"errors": known}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            CheckpointError: it belongs to other data or another model.
        """
        known = state["errors"]
        self.weights = known["weights"]
        if self.weights is None:
            load_state(self.identifier, known["identifier"], source="the identification model")
            self._erm.load_state_dict(known["training"])
        elif len(self.weights) != self.size:
            raise CheckpointError(
                f"Expected weights of {self.size} examples, as the data have, but got "
                f"{len(self.weights)}; go on with the data that the run was started with"
            )


@torch.no_grad()
def errors(model: nn.Module, data: Data, *, num_workers: int = 0) -> Tensor:
    """Which examples a model gets wrong in evaluation mode, bool, shape (N,), by dataset index.

    Args:
        model: any classifier.
        data: N examples.
        num_workers: processes that load a data set, >= 0; a DataLoader has its own.
    """
    wrong = torch.zeros(len(source_of(data)), dtype=torch.bool)
    with preserved_rng(), evaluating(model):
        for batch in iterate(data, batch_size=128, num_workers=num_workers):
            moved = batch.to(device_of(model))
            found = logits_of(call_model(model, moved.inputs)).argmax(1) != moved.labels
            wrong[batch.index if batch.index is not None else slice(None)] = found.cpu()
    return wrong


def upweighted(wrong: Tensor, factor: float) -> Tensor:
    """Weights with mean 1 in which an error counts `factor` times as much, float32, shape (N,).

    The weighted mean of losses is then that of a data set in which errors appear `factor` times.

    Args:
        wrong: bool, shape (N,).
        factor: >= 1.
    """
    weights = torch.ones(len(wrong), dtype=torch.float64)
    weights[wrong] = factor
    return (weights / weights.mean()).float()


def same_kind(optimizer: Optimizer, original: nn.Module | None = None) -> MakeOptimizer:
    """A maker of optimisers of the same class and settings as `optimizer`.

    Args:
        optimizer: of a network.
        original: that network; parameters of a copy of it then learn at the rate of their
            originals, where groups have rates of their own.
    """
    optimizer = getattr(optimizer, "optimizer", optimizer)  # inside of that of Accelerate
    kind = type(optimizer)
    taken = inspect.signature(kind).parameters  # `defaults` also holds settings of base classes
    settings = {name: value for name, value in optimizer.defaults.items() if name in taken}
    if original is None or len(optimizer.param_groups) == 1:
        return lambda parameters: kind(parameters, **settings)
    rates = {
        id(parameter): float(group.get("initial_lr", group["lr"]))
        for group in optimizer.param_groups
        for parameter in group["params"]
    }

    def make(parameters: Iterable[nn.Parameter]) -> Optimizer:
        groups: dict[float, list[nn.Parameter]] = {}
        for mine, theirs in zip(parameters, original.parameters(), strict=True):
            groups.setdefault(rates.get(id(theirs), settings["lr"]), []).append(mine)
        return kind([{"params": own, "lr": rate} for rate, own in groups.items()], **settings)

    return make
