"""Plain knowledge distillation."""

from typing import Any, Unpack

from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve.distill.distillation_loss import kd_loss
from earlysieve.distill.teacher import TeacherLike, as_teacher, check_distillation
from earlysieve.model.batch import Batch
from earlysieve.weighting.per_example import PerExampleTraining, StepSettings


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
        super().__init__(student, optimizer, **step)
        self.teacher = as_teacher(teacher)
        self.temperature, self.kd_weight = temperature, kd_weight
        check_distillation(student, self.teacher, temperature, kd_weight)

    def _own_settings(self) -> dict[str, Any]:
        return {"temperature": self.temperature, "kd_weight": self.kd_weight}

    def _losses(self, logits: Tensor, seen: Tensor | None, batch: Batch) -> Tensor:
        self.teacher.check_classes(batch, logits.shape[1])
        return kd_loss(
            logits,
            self.teacher.logits(batch),
            batch.labels,
            temperature=self.temperature,
            kd_weight=self.kd_weight,
        )

    def _teacher_fingerprint(self) -> str:
        return self.teacher.fingerprint
