"""What saves passes over many examples: the minimum stays, and no fold sees its own examples."""

import pytest
import torch
from torch.nn import functional

from earlysieve.readouts import linear, linear_problem, sample
from earlysieve.readouts.coordinates import standardised, whitened, worth_whitening
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.linear import fit_linear
from earlysieve.readouts.linear_problem import LinearProblem

from .test_linear import problem, stored, worst_difference

CPU = torch.device("cpu")


@pytest.fixture
def many(monkeypatch):
    """Two thousand examples count as many, and a sample of 250 comes first."""
    monkeypatch.setattr(sample, "_LEAST", 64)


def correlated(count=2000, width=6, classes=3):
    features, labels = problem(count, width, classes, 0.6)
    generator = torch.Generator().manual_seed(1)
    mix = torch.randn(width, width, generator=generator)
    mix[:, 0] *= 30
    return features @ mix + 5, labels


def inside_of(fold_of):
    return fold_of != torch.arange(int(fold_of.max()) + 1)[:, None]


@pytest.mark.usefixtures("many")
def test_a_search_that_begins_with_a_sample_agrees_with_scikit_learn():
    features, labels = correlated()
    assert worst_difference(features, labels, assign_folds(labels, 4), 3) < 1e-3


@pytest.mark.usefixtures("many")
def test_it_takes_fewer_passes_over_everything(monkeypatch):
    features, labels = correlated()
    fold_of = assign_folds(labels, 4)
    begun = fit_linear(stored(features), labels, fold_of, 3)
    monkeypatch.setattr(sample, "_SHARE", 1)
    alone = fit_linear(stored(features), labels, fold_of, 3)
    assert begun.passes < alone.passes
    assert torch.allclose(begun.weight, alone.weight, atol=1e-3)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("negligible", [False, True])
def test_no_fold_sees_the_labels_or_features_of_its_own_examples(monkeypatch, negligible):
    if negligible:
        monkeypatch.setattr(linear, "_MANY", 100)
    features, labels = correlated()
    fold_of = assign_folds(labels, 4)
    own = fold_of == 1
    before = fit_linear(stored(features), labels, fold_of, 3)
    relabelled = fit_linear(
        stored(features), torch.where(own, (labels + 1) % 3, labels), fold_of, 3
    )
    assert torch.equal(relabelled.weight[1], before.weight[1])
    assert torch.equal(relabelled.bias[1], before.bias[1])
    assert not torch.equal(relabelled.weight[0], before.weight[0])
    # Past the rows that give all folds' common offset, so that not even rounding changes.
    late = own & (torch.arange(len(labels)) >= 1024)
    moved = torch.where(late[:, None], features.flip(0) * 3, features)
    found = fit_linear(stored(moved), labels, fold_of, 3)
    assert torch.equal(found.weight[1], before.weight[1])
    assert torch.equal(found.bias[1], before.bias[1])
    assert not torch.equal(found.weight[0], before.weight[0])


def test_the_search_ends_early_only_among_many_and_never_by_much():
    assert linear._negligible(9_999, 650) == 0
    assert linear._negligible(200_000, 650) == pytest.approx(650 / 400_000 / 1000)
    assert linear._negligible(20_000, 65_000) == 1e-4


def test_an_early_end_changes_hardly_any_prediction(monkeypatch):
    features, labels = correlated(12_000, 8, 4)
    fold_of = assign_folds(labels, 3)
    early = fit_linear(stored(features), labels, fold_of, 4)
    monkeypatch.setattr(linear, "_MANY", 1_000_000)
    late = fit_linear(stored(features), labels, fold_of, 4)
    p, q = (found.own_logits(features, fold_of).softmax(1) for found in (early, late))
    assert (p - q).abs().max() < 0.02
    assert (p.argmax(1) != q.argmax(1)).double().mean() < 0.002


def test_whitened_features_of_the_training_rows_are_uncorrelated():
    features, labels = correlated()
    inside = inside_of(assign_folds(labels, 3))
    plain = standardised(stored(features), inside, CPU)
    frame = whitened(plain, features, inside, torch.zeros(3, dtype=torch.float64))
    for fold in range(3):
        x = features[inside[fold]].double()
        assert torch.allclose(plain.mean[fold] + plain.shift, x.mean(0))
        z = (x - x.mean(0)) / x.std(0, correction=0)
        white = z @ frame.whitening[fold].T
        covariance = white.T @ white / len(white)
        assert torch.allclose(covariance, torch.eye(6).double(), atol=1e-2)


def test_whitening_is_left_where_it_costs_more_than_it_saves():
    assert worth_whitening(64, 200_000, 10)
    assert worth_whitening(512, 1_000_000, 10)
    assert not worth_whitening(25_088, 50_000, 10)
    assert not worth_whitening(512, 2_000, 2)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("white", [False, True])
def test_value_and_gradient_are_those_of_the_objective(monkeypatch, white, apart):
    if apart:
        monkeypatch.setattr(linear_problem, "_MANY_CLASSES", 3)
    features, labels = problem(150, 4, 3, 0.5)
    inside = inside_of(assign_folds(labels, 3))
    frame = standardised(stored(features), inside, CPU)
    decay = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)
    if white:
        frame = whitened(frame, features, inside, decay)
    solved = LinearProblem(stored(features), labels, inside, 3, decay, frame, CPU)
    generator = torch.Generator().manual_seed(0)
    point = torch.randn(3, 15, generator=generator, dtype=torch.float64, requires_grad=True)
    value, gradient = solved.value_and_gradient(point.detach())
    for fold in range(3):
        x = features[inside[fold]].double()
        z = (x - x.mean(0)) / x.std(0, correction=0)
        weight = frame.weights(point[:, :12].view(3, 3, 4))[fold]
        loss = functional.cross_entropy(z @ weight.T + point[fold, 12:], labels[inside[fold]])
        loss = loss + 0.5 * decay[fold] * weight.square().sum()
        assert float(value[fold]) == pytest.approx(loss.item(), rel=1e-6)
        (expected,) = torch.autograd.grad(loss, point)
        assert torch.allclose(gradient[fold], expected[fold], atol=1e-6)


@pytest.mark.usefixtures("many")
def test_folds_that_take_their_rows_out_agree_with_scikit_learn(monkeypatch):
    monkeypatch.setattr(linear_problem, "_MANY_CLASSES", 3)
    features, labels = correlated(600)
    assert worst_difference(features, labels, assign_folds(labels, 4), 3) < 1e-3
