"""DeTT: distil features with the weights of just train twice."""

from typing import Unpack

from torch import nn
from torch.optim import Optimizer

from earlysieve.datasets.batches import Data
from earlysieve.distill.simkd import FeatureLoss, SimKDStudent
from earlysieve.model.unwrap import unwrap
from earlysieve.training.optim import MakeOptimizer
from earlysieve.weighting.error_set import ErrorSet, same_kind
from earlysieve.weighting.jtt import TrainTwice
from earlysieve.weighting.per_example import StepSettings


class DeTT(TrainTwice):
    """SimKD with the weights of JTT: debiasing by teacher transplanting.

    Source: Lee and Lee, "Debiased Distillation by Transplanting the Last Layer", 2023,
    arXiv 2302.11187.

    Args:
        student: a `SimKDStudent`, see `SimKD`.
        teacher: the teacher, see `SimKD`.
        optimizer: over the parameters of the `SimKDStudent`.
        data: the training data; batches carry their indices.
        identification_epochs: T >= 1, to be chosen on validation data, as is `upweight`.
        upweight: lambda_up >= 1.
        num_workers: processes that load the data for the pass that finds errors, >= 0.
        identifier: the first model, copied; None: the student as it is now, classifier included.
        identifier_optimizer: called with the first model's parameters; None: class and settings of
            `optimizer`.
        step: clip_norm, accumulate, scheduler, autocast, see `Stepper`.

    Raises:
        InputError: a setting is out of its range, or the student is not a `SimKDStudent`.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> teacher = torch.nn.Sequential(torch.nn.Linear(4, 32), torch.nn.Linear(32, 2))
        >>> student = es.SimKDStudent(net, teacher)
        >>> optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
        >>> method = es.DeTT(student, teacher, optimizer=optimizer, data=(x, y))
        >>> es.fit(method, (x, y), epochs=2, progress=False).epochs
        2
    """

    def __init__(
        self,
        student: nn.Module,
        teacher: nn.Module,
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
        loss = FeatureLoss(student, teacher, optimizer)
        inner = unwrap(student)
        own = inner.student if isinstance(inner, SimKDStudent) else inner
        errors = ErrorSet(
            identifier or own,
            data,
            epochs=identification_epochs,
            upweight=upweight,
            num_workers=num_workers,
            make_optimizer=identifier_optimizer
            or same_kind(optimizer, own if identifier is None else None),
        )
        super().__init__(student, optimizer, loss, errors, **step)
        self.teacher = teacher
