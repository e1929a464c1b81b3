"""Plain knowledge distillation, and its loss per example."""

from typing import Any, Unpack

from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.distill.distillation_loss import kd_loss
from earlysieve.distill.teacher import TeacherLike, as_teacher, check_distillation
from earlysieve.model.batch import Batch
from earlysieve.training.batch_step import Kept
from earlysieve.weighting.loss_and_weighting import ExampleLoss, Weighting
from earlysieve.weighting.per_example import PerExampleTraining, StepSettings


class TeacherLoss(ExampleLoss):
    """(1 - l) CE(f_S(x), y) + l T^2 KL(p_T(x) || p_S(x)); see `KnowledgeDistillation`.

    Args:
        student: what learns.
        teacher: what it learns from.
        temperature: T > 0.
        kd_weight: l in [0, 1].
        num_classes: C, if the teacher is to be checked before the first step; else in it.

    Raises:
        InputError: a setting is out of its range, or student and teacher share parameters.
    """

    def __init__(
        self,
        student: nn.Module,
        teacher: TeacherLike,
        *,
        temperature: float,
        kd_weight: float,
        num_classes: int | None = None,
    ) -> None:
        self.teacher = as_teacher(teacher)
        self.temperature, self.kd_weight = temperature, kd_weight
        self.num_classes = num_classes
        check_distillation(student, self.teacher, temperature, kd_weight)

    @property
    def settings(self) -> dict[str, Any]:
        """Temperature, and the weight of what the teacher says."""
        return {"temperature": self.temperature, "kd_weight": self.kd_weight}

    @property
    def teacher_fingerprint(self) -> str:
        """Of the teacher's weights; "" for logits of an unknown teacher."""
        return self.teacher.fingerprint

    def look(self, model: nn.Module, batch: Batch) -> None:
        """Check the teacher's classes where those of the student are known."""
        if self.num_classes is not None:
            self.teacher.check_classes(batch, self.num_classes)

    def __call__(self, logits: Tensor, kept: Kept, batch: Batch) -> Tensor:
        """In nats, shape (B,)."""
        self.teacher.check_classes(batch, logits.shape[1])
        return kd_loss(
            logits,
            self.teacher.logits(batch),
            batch.labels,
            temperature=self.temperature,
            kd_weight=self.kd_weight,
        )


class KnowledgeDistillation(PerExampleTraining):
    """Minimise 1/B sum_i [(1 - l) CE(f_S(x_i), y_i) + l T^2 KL(p_T(x_i) || p_S(x_i))].

    Source: Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015,
    arXiv 1503.02531, section 2.

    Args:
        student: any classifier. It runs in the mode it is in: put it into training mode.
        teacher: a model, a `Teacher`, kept logits (see `keep_logits`), a tensor (N, C) of logits,
            or a file of one of these. A model always runs in evaluation mode, without a graph.
        optimizer: over the student's parameters.
        temperature: T > 0.
        kd_weight: l in [0, 1].
        step: clip_norm, accumulate, scheduler, autocast, see `Stepper`.

    Raises:
        InputError: a setting is out of its range, or student and teacher share parameters.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        >>> method = es.KnowledgeDistillation(net, torch.nn.Linear(4, 2), optimizer=optimizer)
        >>> sorted(method.step(es.Batch(x[:32], y[:32])))
        ['accuracy', 'loss']
    """

    def __init__(
        self,
        student: nn.Module,
        teacher: TeacherLike,
        *,
        optimizer: Optimizer,
        temperature: float = 3.0,
        kd_weight: float = 1.0,
        **step: Unpack[StepSettings],
    ) -> None:
        loss = TeacherLoss(student, teacher, temperature=temperature, kd_weight=kd_weight)
        super().__init__(student, optimizer, loss, Weighting(), **step)
        self.teacher = loss.teacher
