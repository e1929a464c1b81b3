"""The losses and the weights, against torch's own and by hand."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.distill.distillation_loss import kd_loss, soft_divergence
from earlysieve.errors import InputError
from earlysieve.weighting.loss_and_weighting import weighted_mean
from earlysieve.weighting.weight_function import Exponential, early_weights, top_share, weigh


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


def test_weighted_mean_does_not_normalise() -> None:
    losses = torch.tensor([1.0, 2.0, 3.0])
    assert float(weighted_mean(losses, torch.tensor([1.0, 10.0, 0.0]))) == pytest.approx(7.0)
    assert float(weighted_mean(losses, None)) == 2.0


def test_early_weights_by_hand() -> None:
    prediction, labels = torch.tensor([0, 1, 2, 2]), torch.tensor([0, 2, 1, 0])
    margin = torch.tensor([0.9, 0.25, 1.0, 0.0])
    found = early_weights(prediction, labels, margin, alpha=0.5, beta=2.0)
    expected = torch.tensor([1.0, math.e, math.exp(2.0), 1.0])
    torch.testing.assert_close(found, expected)


@given(
    st.floats(0, 3),
    st.floats(0, 5),
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1),
)
def test_weights_are_bounded_and_grow_with_the_margin(
    alpha: float, beta: float, judged: list[tuple[bool, float]]
) -> None:
    wrong = torch.tensor([w for w, _ in judged])
    margin = torch.tensor([m for _, m in judged])
    found = weigh(wrong, margin, Exponential(alpha, beta))
    assert bool((found >= 1).all())
    assert bool((found <= math.exp(beta) * (1 + 1e-5)).all())
    assert bool((found[~wrong] == 1).all())
    order = margin[wrong].argsort()
    assert bool((found[wrong][order].diff() >= 0).all())


def test_beta_zero_gives_exactly_one() -> None:
    wrong, margin = torch.ones(5, dtype=torch.bool), torch.linspace(0, 1, 5)
    assert torch.equal(weigh(wrong, margin, Exponential(0.05, 0.0)), torch.ones(5))


def test_top_share() -> None:
    weights = torch.ones(200)
    weights[:2] = 99.0
    assert top_share(weights) == pytest.approx(198 / 396)
    assert top_share(torch.ones(3)) == pytest.approx(1 / 3)


@pytest.mark.parametrize(("alpha", "beta", "name"), [(-1, 1, "alpha"), (1, math.nan, "beta")])
def test_bad_settings(alpha: float, beta: float, name: str) -> None:
    with pytest.raises(InputError, match=f"Expected {name} to be a number of at least 0"):
        Exponential(alpha, beta)


def test_bad_weight_functions() -> None:
    wrong, margin = torch.tensor([True, False]), torch.tensor([0.5, 0.5])
    with pytest.raises(InputError, match=r"gives shape \(1,\).*gave \(\); return one weight"):
        weigh(wrong, margin, lambda m: m.sum())
    with pytest.raises(InputError, match="finite and not negative"):
        weigh(wrong, margin, lambda m: m - 1)
    with pytest.raises(InputError, match="lower beta"):
        weigh(wrong, margin, Exponential(0.0, 1000.0))
