import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import cross_entropy

from earlysieve.repairing.linear_map import LinearMap
from earlysieve.repairing.multinomial import fit_multinomial
from earlysieve.repairing.sparse import fit_sparse
from earlysieve.repairing.weighted_loss import WeightedLoss
from tests.repairing.problems import draw, layer


def weighted(n=120, d=4, c=3, seed=0, exact=True):
    features, labels = draw(n, d, c, seed)
    weights = torch.rand(n, generator=torch.Generator().manual_seed(seed + 1)).double()
    return (features.double() if exact else features), labels, weights


def test_by_hand():
    # Two classes, no bias, one feature +1 or -1 that tells the class: by symmetry weights (-a, a)
    # with the gradient -sigmoid(-2a) + strength a = 0 of each; a = 0.5 needs this strength.
    strength = 1 / (0.5 * (1 + math.e))
    features = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    loss = WeightedLoss(features, torch.tensor([1, 0]), torch.ones(2), 2)
    found = fit_multinomial(loss, strength, bias=False, tolerance=1e-10)
    assert found.bias is None
    assert found.weight.squeeze().tolist() == pytest.approx([-0.5, 0.5], abs=1e-8)


def test_without_information_the_bias_is_the_log_share():
    loss = WeightedLoss(torch.zeros(3, 2), torch.tensor([0, 0, 1]), torch.tensor([1.0, 1, 2]), 2)
    found = fit_multinomial(loss, 1.0)
    assert found.weight.abs().max() < 1e-6
    assert float(found.bias[0] - found.bias[1]) == pytest.approx(0.0, abs=1e-6)


def test_loss_and_gradient_are_autograd_s():
    features, labels, weights = weighted(700)
    point = layer()
    weight = point.weight.double().requires_grad_()
    bias = point.bias.double().requires_grad_()
    each = cross_entropy(features @ weight.T + bias, labels, reduction="none")
    value = (each * weights).sum() / weights.sum()
    value.backward()
    loss = WeightedLoss(features, labels, weights, 3)
    loss._rows = 256  # several chunks
    found, by_weight, by_bias = loss.with_gradient(weight.detach(), bias.detach())
    assert float(found) == pytest.approx(value.item(), rel=1e-12)
    assert loss.value(weight.detach(), bias.detach()) == pytest.approx(value.item(), rel=1e-12)
    assert torch.allclose(by_weight, weight.grad)
    assert torch.allclose(by_bias, bias.grad)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("bias", [True, False])
def test_l2_is_scikit_learn_s(classes, bias):
    features, labels, weights = weighted(c=classes)
    strength = 0.03
    loss = WeightedLoss(features, labels, weights, classes)
    found = fit_multinomial(loss, strength, bias=bias, tolerance=1e-9)
    C = 1 / (strength * float(weights.sum()))
    # With two classes scikit-learn has one vector v = w_1 - w_0, and ||w||^2 = ||v||^2 / 2 here.
    reference = LogisticRegression(
        C=C if classes > 2 else 2 * C, tol=1e-10, max_iter=10_000, fit_intercept=bias
    ).fit(features.numpy(), labels.numpy(), weights.numpy())
    weight, offset = found.weight, found.bias
    if classes == 2:
        weight = weight[1:] - weight[:1]
        offset = None if offset is None else offset[1:] - offset[:1]
    assert np.allclose(weight.numpy(), reference.coef_, atol=1e-5)
    if bias:
        expected = reference.intercept_
        assert np.allclose(offset - offset.mean(), expected - expected.mean(), atol=1e-5)


def test_l1_is_scikit_learn_s():
    features, labels, weights = weighted(200, 6)
    strength = 0.03
    loss = WeightedLoss(features, labels, weights, 3)
    found = fit_sparse(loss, strength, tolerance=1e-7, most_iterations=20_000)
    reference = LogisticRegression(
        C=1 / (strength * float(weights.sum())),
        l1_ratio=1.0, solver="saga", tol=1e-9, max_iter=100_000,
    ).fit(features.numpy(), labels.numpy(), weights.numpy())  # fmt: skip
    assert np.allclose(found.weight.numpy(), reference.coef_, atol=1e-4)
    assert np.array_equal(found.weight.numpy() == 0, np.abs(reference.coef_) < 1e-6)
    assert 0 < int((found.weight == 0).sum()) < found.weight.numel()


def test_a_pull_is_scipy_s():
    features, labels, weights = weighted(60)
    old, strength = LinearMap(*(part.double() for part in layer())), 0.3

    def value(point):
        theta = torch.tensor(point, requires_grad=True)
        weight, bias = theta[:12].view(3, 4), theta[12:]
        each = cross_entropy(features @ weight.T + bias, labels, reduction="none")
        far = (weight - old.weight).square().sum() + (bias - old.bias).square().sum()
        total = (each * weights).sum() / weights.sum() + strength / 2 * far
        total.backward()
        return total.item(), theta.grad.numpy()

    reference = minimize(value, np.zeros(15), jac=True, tol=1e-12).x
    loss = WeightedLoss(features, labels, weights, 3)
    found = fit_multinomial(loss, strength, centre=old, tolerance=1e-10)
    together = torch.cat([found.weight.flatten(), found.bias]).numpy()
    assert np.allclose(together, reference, atol=1e-6)


def test_a_huge_pull_keeps_every_bit():
    features, labels, weights = weighted()
    old = LinearMap(*(part.double() for part in layer()))
    loss = WeightedLoss(features, labels, weights, 3)
    found = fit_multinomial(loss, 1e12, centre=old)
    assert torch.equal(found.weight.float(), old.weight.float())
    assert torch.equal(found.bias.float(), old.bias.float())


def test_a_huge_l1_leaves_no_weight():
    features, labels, weights = weighted()
    found = fit_sparse(WeightedLoss(features, labels, weights, 3), 1e3)
    assert not found.weight.any()


@settings(max_examples=10)
@given(st.integers(0, 50), st.integers(1, 4))
def test_whole_weights_are_repetitions(seed, most):
    features, labels, _ = weighted(40, seed=seed)
    counts = torch.randint(0, most + 1, (40,), generator=torch.Generator().manual_seed(seed))
    counts[:3] = 1  # an example of each class at least
    repeated = torch.arange(40).repeat_interleave(counts)
    one = WeightedLoss(features, labels, counts.double(), 3)
    other = WeightedLoss(features[repeated], labels[repeated], torch.ones(len(repeated)), 3)
    for fit in (fit_multinomial, fit_sparse):
        a, b = (fit(loss, 0.1, tolerance=1e-7) for loss in (one, other))
        assert torch.allclose(a.weight, b.weight, atol=1e-5)


@settings(max_examples=10)
@given(st.integers(0, 50), st.floats(0.1, 10))
def test_weights_count_by_their_ratios(seed, factor):
    features, labels, weights = weighted(40, seed=seed)
    a, b = (
        fit_multinomial(WeightedLoss(features, labels, w, 3), 0.1)
        for w in (weights, factor * weights)
    )
    assert torch.allclose(a.weight, b.weight, atol=1e-5)


@settings(max_examples=10)
@given(st.integers(0, 30), st.floats(0.001, 1))
def test_no_small_step_makes_an_l1_fit_better(seed, strength):
    features, labels, weights = weighted(60, seed=seed)
    loss = WeightedLoss(features, labels, weights, 3)
    found = fit_sparse(loss, strength, tolerance=1e-7, most_iterations=20_000)
    _, by_weight, by_bias = loss.with_gradient(*found)
    kept = found.weight != 0
    assert (by_weight[kept] + strength * found.weight[kept].sign()).abs().le(1e-6).all()
    assert by_weight[~kept].abs().le(strength + 1e-6).all()
    assert by_bias.abs().le(1e-6).all()


def test_single_precision_finds_about_the_same():
    features, labels, weights = weighted(2000, exact=False)
    for fit in (fit_multinomial, fit_sparse):
        single = fit(WeightedLoss(features, labels, weights, 3), 0.01)
        double = fit(WeightedLoss(features.double(), labels, weights, 3), 0.01)
        assert torch.allclose(single.weight, double.weight, atol=2e-3)


def test_examples_without_weight_do_not_count():
    features, labels, weights = weighted()
    weights[::3] = 0
    features[::3] = torch.nan
    assert torch.isfinite(
        fit_multinomial(WeightedLoss(features, labels, weights, 3), 0.1).weight
    ).all()
