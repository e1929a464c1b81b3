"""SimKD: the student learns the teacher's features and takes over its classifier.

Source: Chen, Mei, Zhang, Wang, Feng and Chen, "Knowledge Distillation with the Reused Teacher
Classifier", CVPR 2022, arXiv 2203.14001, equations 2 and 3.
"""

import copy
from typing import Any, Unpack

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.distill.classifier import ClassifierInput, find_classifier, linear_named
from earlysieve.distill.teacher import Teacher, check_distillation
from earlysieve.errors import InputError
from earlysieve.model.batch import Batch, Inputs, call_model
from earlysieve.model.capture import Transform
from earlysieve.model.first_look import first_look
from earlysieve.model.state import preserved_rng
from earlysieve.model.unwrap import unwrap
from earlysieve.training.batch_step import Kept
from earlysieve.weighting.loss_and_weighting import ExampleLoss, Weighting
from earlysieve.weighting.per_example import PerExampleTraining, StepSettings


class SimKDStudent(nn.Module):
    """A student's features, a projector, and a copy of the teacher's classifier that never learns.

    Features are what the last linear layer takes, (B, D). The projector is the vector form of the
    source's: two linear layers with ReLU in between, of half the teacher's width (factor 2).

    Args:
        student: any classifier whose logits come from a linear layer; that layer goes unused.
        teacher: likewise; it may be on another device.
        classifier: name of the student's linear layer; None: the last one.
        teacher_classifier: name of the teacher's linear layer; None: the last one.
        seed: seed of the projector's initialisation; the global random state is not used.

    Raises:
        LayerError: there is no such layer.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> teacher = torch.nn.Sequential(torch.nn.Linear(4, 32), torch.nn.Linear(32, 2))
        >>> student = es.SimKDStudent(net, teacher)
        >>> student(x).shape
        torch.Size([200, 2])
    """

    def __init__(
        self,
        student: nn.Module,
        teacher: nn.Module,
        *,
        classifier: str | None = None,
        teacher_classifier: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.student_classifier = classifier or find_classifier(student)
        self.teacher_classifier = teacher_classifier or find_classifier(teacher)
        last = linear_named(teacher, self.teacher_classifier)
        width = linear_named(student, self.student_classifier).in_features
        self.student = student
        device = linear_named(student, self.student_classifier).weight.device
        self.projector = _projector(width, last.in_features, seed).to(device)
        self.classifier = copy.deepcopy(last).requires_grad_(False).to(device)

    def forward(self, *args: Any, **inputs: Any) -> Tensor:
        """Logits of the teacher's classifier on projected student features, shape (B, C)."""
        reading = ClassifierInput(self.student, self.student_classifier)
        features, _ = reading.run(inputs if inputs else args)
        logits: Tensor = self.classifier(self.projector(features))
        return logits


class FeatureLoss(ExampleLoss):
    """1/D || P(g_S(x)) - g_T(x) ||^2 with the features that classifiers take; see `SimKD`.

    Args:
        student: a `SimKDStudent`, or a wrapper of one.
        teacher: the teacher.
        optimizer: over the parameters of the `SimKDStudent`.

    Raises:
        InputError: the student is not a `SimKDStudent`, or shares parameters with the teacher, or
            the optimizer leaves out the projector.
    """

    def __init__(self, student: nn.Module, teacher: nn.Module, optimizer: Optimizer) -> None:
        inner = unwrap(student)
        if not isinstance(inner, SimKDStudent) or not isinstance(teacher, nn.Module):
            raise InputError(
                "Expected a SimKDStudent and a teacher model, but got "
                f"{type(student).__name__} and {type(teacher).__name__}; write "
                "student = SimKDStudent(student, teacher) and build the optimizer over its "
                "parameters"
            )
        self._as_teacher = Teacher(teacher)
        check_distillation(student, self._as_teacher, 1.0, 1.0)
        _check_optimizer(optimizer, inner)
        self._reading = ClassifierInput(teacher, inner.teacher_classifier)

    @property
    def teacher_fingerprint(self) -> str:
        """Of the teacher's weights."""
        return self._as_teacher.fingerprint

    def look(self, model: nn.Module, batch: Batch) -> None:
        """Run student and teacher on two examples."""
        with first_look(model, batch.inputs) as some:
            call_model(model, some)
            self._wanted(some)

    def keep(self) -> dict[str, Transform]:
        """What the projector gives, with its graph."""
        return {"projector": lambda _, output: output}

    def __call__(self, logits: Tensor, kept: Kept, batch: Batch) -> Tensor:
        """Shape (B,)."""
        features = kept["projector"]
        wanted = self._wanted(batch.inputs).to(features.device)
        return (features.float() - wanted.float()).square().flatten(1).mean(1)

    def _wanted(self, inputs: Inputs) -> Tensor:
        """What the teacher's classifier takes, shape (B, D), on the teacher's device."""
        with self._as_teacher.at_work(inputs) as taken:
            return self._reading.run(taken)[0]


class SimKD(PerExampleTraining):
    """Minimise 1/B sum_i w_i 1/D || P(g_S(x_i)) - g_T(x_i) ||^2, with w_i = 1.

    g are the features that the classifiers of student and teacher take, P the projector. `model`,
    which is evaluated and saved, predicts with the teacher's classifier.

    Args:
        student: a `SimKDStudent`, made of student and teacher.
        teacher: the teacher: a model, since features are needed. It runs in its own precision, in
            evaluation mode, and may be on another device than the student.
        optimizer: over the parameters of the `SimKDStudent`, projector included.
        step: clip_norm, accumulate, scheduler, autocast, see `Stepper`.

    Raises:
        InputError: the student is not a `SimKDStudent`, or shares parameters with the teacher.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> teacher = torch.nn.Sequential(torch.nn.Linear(4, 32), torch.nn.Linear(32, 2))
        >>> student = es.SimKDStudent(net, teacher)
        >>> optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
        >>> method = es.SimKD(student, teacher, optimizer=optimizer)
        >>> es.fit(method, (x, y), epochs=1, progress=False).epochs
        1
    """

    def __init__(
        self,
        student: nn.Module,
        teacher: nn.Module,
        *,
        optimizer: Optimizer,
        **step: Unpack[StepSettings],
    ) -> None:
        loss = FeatureLoss(student, teacher, optimizer)
        super().__init__(student, optimizer, loss, Weighting(), **step)
        self.teacher = teacher


def _projector(width: int, wanted: int, seed: int) -> nn.Sequential:
    hidden = max(1, wanted // 2)
    with preserved_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, wanted))


def _check_optimizer(optimizer: Optimizer, student: SimKDStudent) -> None:
    updated = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not all(id(p) in updated for p in student.projector.parameters()):
        raise InputError(
            "Expected an optimizer that also updates the projector, but it does not; build it over "
            "the parameters of the SimKDStudent"
        )
