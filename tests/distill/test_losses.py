"""The losses and the weights, against torch's own and by hand."""

import math

import pytest
import torch
import torch.nn.functional as F

from earlysieve.distill.distillation_loss import kd_loss, soft_divergence


def logits(seed: int, classes: int = 5) -> torch.Tensor:
    return 3 * torch.randn(7, classes, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_soft_divergence_is_torchs_kl_div_with_probabilities(temperature: float) -> None:
    student, teacher = logits(0), logits(1)
    expected = temperature**2 * F.kl_div(
        F.log_softmax(student / temperature, 1),
        F.softmax(teacher / temperature, 1),
        reduction="batchmean",
    )
    found = soft_divergence(student, teacher, temperature=temperature).mean()
    torch.testing.assert_close(found, expected)


def test_soft_divergence_by_hand() -> None:
    """Odds of e^(ln 9 / 2) = 3 to 1 against even ones: KL = 3/4 ln(3/2) + 1/4 ln(1/2)."""
    student, teacher = torch.zeros(1, 2), torch.tensor([[math.log(9.0), 0.0]])
    found = soft_divergence(student, teacher, temperature=2.0)
    expected = 4 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert found.shape == (1,)
    assert float(found) == pytest.approx(expected, abs=1e-6)


def test_gradient_is_t_times_the_difference_of_probabilities() -> None:
    student, teacher = logits(0).requires_grad_(), logits(1)
    soft_divergence(student, teacher, temperature=3.0).sum().backward()
    expected = 3.0 * (F.softmax(student / 3, 1) - F.softmax(teacher / 3, 1))
    torch.testing.assert_close(student.grad, expected.detach())


def test_kd_loss_mixes_labels_and_teacher() -> None:
    student, teacher, labels = logits(0), logits(1), torch.arange(7) % 5
    hard = F.cross_entropy(student, labels, reduction="none")
    soft = soft_divergence(student, teacher, temperature=2.0)
    for weight, expected in ((0.0, hard), (1.0, soft), (0.3, 0.7 * hard + 0.3 * soft)):
        found = kd_loss(student, teacher, labels, temperature=2.0, kd_weight=weight)
        torch.testing.assert_close(found, expected)


def test_half_precision_logits_are_compared_in_single_precision() -> None:
    student, teacher = logits(0).bfloat16(), logits(1).bfloat16()
    found = soft_divergence(student, teacher, temperature=2.0)
    assert found.dtype == torch.float32
    assert torch.equal(found, soft_divergence(student.float(), teacher.float(), temperature=2.0))
