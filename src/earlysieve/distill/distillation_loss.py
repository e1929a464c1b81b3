"""Losses of distillation, one value per example."""

import torch.nn.functional as F
from torch import Tensor

from earlysieve.model.precision import at_least_single


def soft_divergence(student: Tensor, teacher: Tensor, *, temperature: float) -> Tensor:
    """T^2 KL(p_T || p_S) at temperature T, in nats, shape (B,).

    p = softmax(logits / T). The factor T^2 keeps the gradient's size the same for all temperatures
    (Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015, section 2).

    Args:
        student: logits, shape (B, C); computed in at least single precision.
        teacher: logits, shape (B, C), without a graph.
        temperature: T > 0.
    """
    of_student = (at_least_single(student) / temperature).log_softmax(-1)
    of_teacher = (at_least_single(teacher) / temperature).log_softmax(-1)
    divergence = F.kl_div(of_student, of_teacher, reduction="none", log_target=True).sum(-1)
    return temperature**2 * divergence


def kd_loss(
    student: Tensor, teacher: Tensor, labels: Tensor, *, temperature: float, kd_weight: float
) -> Tensor:
    """(1 - l) CE(student, y) + l T^2 KL(p_T || p_S), in nats, shape (B,), with l = `kd_weight`.

    Args:
        student: logits, shape (B, C).
        teacher: logits, shape (B, C).
        labels: int64, shape (B,).
        temperature: T > 0.
        kd_weight: in [0, 1]; a term of weight 0 is not computed.
    """
    if kd_weight == 0:
        return F.cross_entropy(at_least_single(student), labels, reduction="none")
    soft = soft_divergence(student, teacher, temperature=temperature)
    if kd_weight == 1:
        return soft
    hard = F.cross_entropy(at_least_single(student), labels, reduction="none")
    return (1 - kd_weight) * hard + kd_weight * soft
