"""Linear readouts against scikit-learn, and that a fold never sees its own examples."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earlysieve.readouts import linear, linear_problem
from earlysieve.readouts.feature_store import Budget, FeatureStore
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.linear import fit_linear


def problem(count, width, classes, signal, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes, (count,), generator=generator)
    centres = signal * torch.randn(classes, width, generator=generator)
    return torch.randn(count, width, generator=generator) + centres[labels], labels


def stored(features, budget=None):
    store = FeatureStore(budget)
    for rows in features.split(50):
        store.append(rows)
    return store


def by_sklearn(features, labels, train, classes, l2=1.0):
    """Probabilities of every example, of a readout fitted on the training rows."""
    sklearn = pytest.importorskip("sklearn")
    del sklearn
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    x, y, train = features.double().numpy(), labels.numpy(), train.numpy()
    scaler = StandardScaler().fit(x[train])
    strength = 2 / l2 if len(np.unique(y[train])) == 2 else 1 / l2
    model = LogisticRegression(C=strength, tol=1e-8, max_iter=10_000)
    model.fit(scaler.transform(x[train]), y[train])
    probabilities = np.zeros((len(x), classes))
    probabilities[:, model.classes_] = model.predict_proba(scaler.transform(x))
    return probabilities


def worst_difference(features, labels, fold_of, classes, l2=1.0, **options):
    readouts = fit_linear(stored(features), labels, fold_of, classes, l2=l2, **options)
    ours = readouts.logits(features).softmax(-1).numpy()
    folds = int(fold_of.max()) + 1
    difference = 0.0
    for fold in range(folds):
        train = (fold_of != fold) if folds > 1 else torch.ones_like(fold_of, dtype=torch.bool)
        expected = by_sklearn(features, labels, train, classes, l2)
        difference = max(difference, float(abs(ours[:, fold] - expected).max()))
    return difference


@pytest.mark.parametrize(
    ("count", "width", "classes", "signal"),
    [(200, 5, 3, 0.5), (200, 5, 2, 2.0), (100, 200, 3, 0.5), (400, 20, 4, 2.0), (60, 1, 5, 1.0)],
)
def test_every_fold_agrees_with_scikit_learn(count, width, classes, signal):
    features, labels = problem(count, width, classes, signal)
    fold_of = assign_folds(labels, 5)
    assert worst_difference(features, labels, fold_of, classes) < 1e-3


@pytest.mark.parametrize("l2", [0.01, 10.0])
def test_other_penalties(l2):
    features, labels = problem(150, 6, 3, 0.7)
    fold_of = assign_folds(labels, 3)
    assert worst_difference(features, labels, fold_of, 3, l2, tolerance=1e-6) < 1e-3


def test_in_sample():
    features, labels = problem(150, 6, 3, 0.7)
    assert worst_difference(features, labels, torch.zeros(150, dtype=torch.int64), 3) < 1e-3


def test_badly_scaled_features_far_from_zero_and_constant_ones():
    features, labels = problem(300, 6, 3, 0.7)
    scale = torch.logspace(-6, 6, 6)
    features = features * scale + 100 * scale
    constant = torch.tensor([[0.0, 7.3, -1e8]]).expand(300, 3)
    features = torch.cat([features, constant], 1)
    assert worst_difference(features, labels, assign_folds(labels, 4), 3) < 1e-3


def test_a_feature_that_is_constant_in_training_only_says_nothing():
    features, labels = problem(40, 2, 2, 1.0)
    fold_of = assign_folds(labels, 2)
    features[:, 1] = torch.where(fold_of == 0, torch.randn(40), 5.0)
    readouts = fit_linear(stored(features), labels, fold_of, 2)
    assert readouts.weight[0, 1].tolist() == [0.0, 0.0]
    assert readouts.weight[1, 1].abs().max() > 0


def test_only_constant_features_give_class_shares():
    labels = torch.tensor([0, 0, 0, 1] * 10)
    readouts = fit_linear(stored(torch.ones(40, 3)), labels, torch.zeros_like(labels), 2)
    probability = readouts.logits(torch.ones(1, 3)).softmax(-1)[0, 0]
    assert probability.tolist() == pytest.approx([0.75, 0.25], abs=1e-4)


def test_a_class_that_is_missing_in_the_training_part_of_a_fold():
    features, labels = problem(90, 4, 3, 1.0)
    labels[labels == 2] = 1
    labels[7] = 2
    fold_of = assign_folds(labels, 3)
    assert worst_difference(features, labels, fold_of, 3) < 1e-3


def test_one_wild_example_does_not_spoil_the_precision_of_others():
    features, labels = problem(200, 4, 3, 1.0)
    features[3] = torch.tensor([1e12, -1e12, 1e19, 1e-3])
    fold_of = assign_folds(labels, 4)
    own = int(fold_of[3])
    readouts = fit_linear(stored(features), labels, fold_of, 3)
    expected = by_sklearn(features, labels, fold_of != own, 3)
    ours = readouts.logits(features)[:, own].softmax(-1).numpy()
    others = np.arange(200) != 3
    assert abs(ours - expected)[others].max() < 1e-3
    assert torch.isfinite(readouts.weight).all()


def test_the_label_of_an_example_does_not_reach_its_own_readout():
    features, labels = problem(120, 5, 3, 0.5)
    fold_of = assign_folds(labels, 4)
    before = fit_linear(stored(features), labels, fold_of, 3)
    for example in (0, 17, 60):
        changed = labels.clone()
        changed[example] = (labels[example] + 1) % 3
        after = fit_linear(stored(features), changed, fold_of, 3)
        own = int(fold_of[example])
        assert torch.equal(after.weight[own], before.weight[own])
        assert torch.equal(after.bias[own], before.bias[own])
        assert not torch.equal(after.weight[own - 1], before.weight[own - 1])


@pytest.mark.parametrize("wild", [-1.0, 1e3, 1e12])
def test_the_features_of_an_example_reach_neither_its_readout_nor_its_standardisation(wild):
    features, labels = problem(120, 5, 3, 0.5)
    fold_of = assign_folds(labels, 4)
    before = fit_linear(stored(features), labels, fold_of, 3, tolerance=1e-7)
    own = int(fold_of[9])
    changed = features.clone()
    changed[9] *= wild
    after = fit_linear(stored(changed), labels, fold_of, 3, tolerance=1e-7)
    assert torch.allclose(after.weight[own], before.weight[own], rtol=0, atol=1e-5)
    assert torch.allclose(after.bias[own], before.bias[own], rtol=0, atol=1e-5)


def test_folds_solved_together_or_one_by_one_agree(monkeypatch):
    features, labels = problem(120, 5, 3, 0.5)
    fold_of = assign_folds(labels, 4)
    together = fit_linear(stored(features), labels, fold_of, 3)
    monkeypatch.setattr(linear, "_MOST_UNKNOWNS", 1)
    alone = fit_linear(stored(features), labels, fold_of, 3, tolerance=1e-6)
    assert torch.allclose(alone.weight, together.weight, atol=5e-3)
    assert alone.passes > together.passes


def test_a_store_in_a_file_gives_the_same_bits():
    features, labels = problem(200, 6, 3, 0.5)
    fold_of = assign_folds(labels, 4)
    inside, outside = stored(features), stored(features, Budget(100))
    assert (inside.on_disk, outside.on_disk) == (False, True)
    a, b = (fit_linear(store, labels, fold_of, 3) for store in (inside, outside))
    assert torch.equal(a.weight, b.weight)
    assert torch.equal(a.bias, b.bias)


def test_small_chunks_change_rounding_only(monkeypatch):
    features, labels = problem(700, 6, 3, 0.5)
    fold_of = assign_folds(labels, 4)
    whole = fit_linear(stored(features), labels, fold_of, 3)
    monkeypatch.setattr(linear_problem, "_CHUNK_ELEMENTS", 1)
    chunked = fit_linear(stored(features), labels, fold_of, 3)
    assert torch.allclose(whole.weight, chunked.weight, atol=1e-4)


def test_own_logits_are_those_of_the_own_fold():
    features, labels = problem(50, 4, 3, 0.5)
    fold_of = assign_folds(labels, 3)
    readouts = fit_linear(stored(features), labels, fold_of, 3)
    every = readouts.logits(features)
    own = readouts.own_logits(features, fold_of)
    assert torch.allclose(own, every[torch.arange(50), fold_of], rtol=0, atol=1e-12)


def test_many_classes_and_a_default_of_double_precision():
    torch.set_default_dtype(torch.float64)
    try:
        features, labels = problem(300, 8, 200, 3.0)
        labels[:200] = torch.arange(200)
        readouts = fit_linear(stored(features), labels, assign_folds(labels, 2), 200)
    finally:
        torch.set_default_dtype(torch.float32)
    assert readouts.weight.shape == (2, 8, 200)
    assert torch.isfinite(readouts.weight).all()


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_classes_does_not_matter(order):
    features, labels = problem(80, 3, 4, 1.0)
    fold_of = assign_folds(labels, 2)
    renamed = torch.tensor(order)
    plain = fit_linear(stored(features), labels, fold_of, 4, tolerance=1e-6)
    other = fit_linear(stored(features), renamed[labels], fold_of, 4, tolerance=1e-6)
    p, q = plain.logits(features).softmax(-1), other.logits(features).softmax(-1)
    assert torch.allclose(p, q[:, :, renamed], atol=1e-3)
