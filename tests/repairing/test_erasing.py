"""LEACE and INLP: what is erased, and what is left."""

import warnings
from dataclasses import replace

import pytest
import torch
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.repairing.crt import fit_crt
from earlysieve.repairing.erasing import Erasable
from earlysieve.repairing.inlp import fit_inlp, inlp_projection, rows_of_halves
from earlysieve.repairing.leace import fit_leace, leace_projection
from earlysieve.repairing.settings import CRTSettings, INLPSettings, LEACESettings

from .problems import problem

FIT = {"leace": (fit_leace, LEACESettings), "inlp": (fit_inlp, INLPSettings)}


def cued(n: int = 600, d: int = 6, seed: int = 0, **more):
    """A problem in which column 1 says the cue, which agrees with the class mostly; 2 classes."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 2
    cue = torch.where(torch.rand(n, generator=generator) < 0.9, labels, 1 - labels)
    x = torch.randn(n, d, generator=generator)
    x[:, 0] += 1.5 * (2 * labels - 1)
    x[:, 1] = 3.0 * (2 * cue - 1) + 0.3 * torch.randn(n, generator=generator)
    found = problem(n, d, 2)
    logits = found.old(x)
    return replace(found, features=x, labels=labels, logits=logits, **{"groups": cue, **more})


def group_means(values, p):
    """The mean in each group of each class, shape (classes, groups, ...)."""
    return torch.stack(
        [
            torch.stack([values[(p.labels == c) & (p.groups == g)].mean(0) for g in (0, 1)])
            for c in p.labels.unique().tolist()
        ]
    )


def test_leace_by_hand():
    """Two columns of variance 1 with correlation 1/2, of which z is the first.

    S_xz = (1, 1/2); what is taken from x is its regression on z, so that x' = (0, x2 - x1 / 2).
    """
    rows = torch.tensor(
        [[1.0, 1.0], [1, 1], [1, 1], [1, -1], [-1, -1], [-1, -1], [-1, -1], [-1, 1]]
    )
    x = rows.double()
    found = leace_projection(x, x[:, :1])
    assert torch.allclose(found, torch.tensor([[0.0, 0], [-0.5, 1]]).double())


def test_leace_is_the_package_s():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = pytest.importorskip("concept_erasure")
    found = Erasable.of(problem(), "leace", 5)
    fitter = package.LeaceFitter(
        4, found.concept.shape[1], shrinkage=False, constrain_cov_trace=False, svd_tol=1e-9,
        dtype=torch.float64,
    ).update(found.features(), found.concept)  # fmt: skip
    expected = fitter.eraser(found.features())
    projection = leace_projection(found.features(), found.concept)
    assert torch.allclose(found.features() @ projection.T, expected, atol=1e-8)
    assert torch.allclose(projection @ projection, projection)


@pytest.mark.parametrize("refit", [True, False])
def test_after_leace_groups_of_a_class_have_the_same_mean_logits(refit):
    p = cued()
    new = fit_leace(p, LEACESettings(refit=refit))
    means = group_means(new(p.features.double()), p)
    assert torch.allclose(means[:, 0], means[:, 1], atol=1e-9)
    assert (group_means(p.logits, p).diff(dim=1).abs() > 0.1).any()


def test_leace_of_a_concept_that_is_not_there_changes_nothing():
    x = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    twice, z = torch.cat([x, x]), torch.arange(100) >= 50
    found = leace_projection(twice, z.double()[:, None])
    assert torch.allclose(found, torch.eye(3, dtype=torch.float64), atol=1e-12)


def test_more_features_than_examples():
    p = cued(40, 80, groups=(torch.arange(40) // 2) % 2)
    new = fit_leace(p, LEACESettings())
    means = group_means(new(p.features.double()), p)
    assert torch.allclose(means[:, 0], means[:, 1], atol=1e-6)


def test_the_concept_does_not_go_with_the_class():
    p = cued()
    found = Erasable.of(p, "leace", 5)
    concept = found.concept
    for label in (0, 1):
        assert torch.allclose(concept[found.labels == label].sum(0), torch.zeros(4).double())
    assert torch.linalg.matrix_rank(concept) == 2


@pytest.mark.parametrize("name", FIT)
def test_the_cue_is_erased_and_the_task_is_not(name):
    p, (fit, settings) = cued(), FIT[name]
    new = fit(p, settings())
    assert new.weight[:, 1].abs().max() < 0.1 * new.weight[:, 0].abs().max()
    right = (new(p.features.double()).argmax(1) == p.labels).double()
    conflicting = p.groups != p.labels
    assert right.mean() > 0.8
    assert right[conflicting].mean() > right.mean() - 0.1
    plain = fit_crt(p, CRTSettings())(p.features.double()).argmax(1) == p.labels
    assert plain[conflicting].double().mean() < right[conflicting].mean() - 0.1


def test_inlp_projects_all_its_readers_away():
    p = cued()
    found = Erasable.of(p, "inlp", 5)
    how = {"margin": 0.02, "strength": 0.01}
    one = inlp_projection(found, rounds=1, **how)
    assert torch.allclose(one @ one, one)
    assert torch.equal(one, one.T)
    assert torch.linalg.matrix_rank(one) == 5  # both classes' groups differ by one direction
    assert one[1, 1] < 0.01
    assert torch.equal(inlp_projection(found, rounds=1, **how, seed=0), one)
    more = inlp_projection(found, rounds=10, **how)
    assert torch.linalg.matrix_rank(more) <= 5
    assert torch.allclose(one @ more, more, atol=1e-9)


def test_the_first_reader_of_inlp_is_scikit_learn_s():
    linear = pytest.importorskip("sklearn.linear_model")
    p = cued(groups=None)
    p = replace(p, groups=torch.where(p.labels == 0, (p.features[:, 1] > 0).long(), 0))
    found = Erasable.of(p, "inlp", 5)
    half = torch.cat([rows_of_halves(found.cells.of, cell, 0)[0] for cell in (0, 1)])
    assert (found.labels[half] == 0).all()
    fit = linear.LogisticRegression(
        C=1 / (0.01 * len(half)), class_weight="balanced", tol=1e-10, max_iter=10_000
    ).fit(found.features(half).numpy(), p.groups[half].numpy())
    direction = torch.from_numpy(fit.coef_[0])
    projection = inlp_projection(found, rounds=1, margin=0.02, strength=0.01)
    removed = torch.eye(6, dtype=torch.float64) - projection
    unit = direction / direction.norm()
    # Two softmax rows +-w / 2 are penalised half as much as the one row w, so that this is close,
    # not equal.
    assert float(unit @ removed @ unit) > 0.999


def test_inlp_of_groups_that_cannot_be_read_changes_nothing():
    p = cued(groups=(torch.arange(600) // 2) % 2)
    found = Erasable.of(p, "inlp", 5)
    projection = inlp_projection(found, rounds=10, margin=0.0, strength=0.01)
    assert torch.equal(projection, torch.eye(6, dtype=torch.float64))


@pytest.mark.parametrize("name", FIT)
def test_unknown_groups_only_count_in_the_refit(name):
    p, (fit, settings) = cued(), FIT[name]
    some = p.groups.clone()
    some[:100] = -1
    known = replace(
        p, features=p.features[100:], labels=p.labels[100:], logits=p.logits[100:],
        groups=some[100:],
    )  # fmt: skip
    kept = settings(refit=False)
    found, other = fit(replace(p, groups=some), kept), fit(known, kept)
    assert torch.equal(found.weight, other.weight)
    assert not torch.equal(fit(replace(p, groups=some), settings()).weight, other.weight)


@pytest.mark.parametrize("name", FIT)
def test_bad_problems(name):
    p, (fit, settings) = cued(), FIT[name]
    for changed, message in (
        ({"groups": None}, f"Expected groups for the method '{name}'"),
        ({"groups": p.labels}, "Expected a class with two groups at least"),
        ({"groups": (torch.arange(600) < 3).long()}, "Expected at least 5 examples of each group"),
        ({"labels": torch.zeros_like(p.labels)}, "but got none of class 1"),
        ({"old": None}, "Expected a linear last layer to keep without refit"),
    ):
        chosen = settings(refit="old" not in changed)
        with pytest.raises(InputError, match=message):
            fit(replace(p, **changed), chosen)


def test_features_that_are_nothing_but_groups_are_refused():
    p = cued()
    alone = replace(p, features=p.features[:, 1:2], old=None)
    with pytest.raises(InputError, match="tell groups apart, but all 1 do"):
        fit_leace(alone, LEACESettings())


def test_repair_erases():
    p = cued()
    model = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Linear(6, 2))
    data = TensorDataset(p.features, p.labels, p.groups)
    fixed = es.repair(
        model, data, method="leace", settings={"refit": False}, seen_in_training=False,
        progress=False,
    )  # fmt: skip
    with torch.no_grad():
        means = group_means(fixed(p.features), p)
    assert torch.allclose(means[:, 0], means[:, 1], atol=1e-4)
