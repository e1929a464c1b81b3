from dataclasses import replace

import hypothesis
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from earlysieve.errors import InputError
from earlysieve.repairing.afr import afr_weights, fit_afr
from earlysieve.repairing.cells import Cells, class_weights
from earlysieve.repairing.crt import fit_crt
from earlysieve.repairing.dfr import fit_dfr
from earlysieve.repairing.linear_map import LinearMap
from earlysieve.repairing.neurontune import biased_features, fit_neurontune, spuriousness
from earlysieve.repairing.registry import REPAIR_METHODS, repair_method
from earlysieve.repairing.settings import (
    AFRSettings,
    CRTSettings,
    DFRSettings,
    NeuronTuneSettings,
)
from earlysieve.repairing.standardised import Scale
from tests.repairing.problems import problem


def close(a: LinearMap, b: LinearMap, atol: float = 1e-4) -> bool:
    biases = (a.bias - a.bias.mean(), b.bias - b.bias.mean())
    return torch.allclose(a.weight.double(), b.weight.double(), atol=atol) and torch.allclose(
        *(x.double() for x in biases), atol=atol
    )


def test_balanced_weights_by_hand():
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2])
    groups = torch.tensor([0, 0, 0, 1, 2, 2, -1, 4])
    # Classes count 1/3 each, in class 0 both groups the half of it; the unknown one is left out.
    expected = [1 / 18, 1 / 18, 1 / 18, 1 / 6, 1 / 6, 1 / 6, 0, 1 / 3]
    assert Cells.found(labels, groups).weights().tolist() == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 2)), min_size=1, max_size=40))
def test_classes_count_equally_and_groups_within_them(pairs):
    labels, groups = torch.tensor(pairs).T
    if not bool((groups >= 0).any()):
        return
    cells = Cells.found(labels, groups)
    weights = cells.weights()
    assert float(weights.sum()) == pytest.approx(1)
    assert not weights[groups < 0].any()
    known = sorted(set(labels[groups >= 0].tolist()))
    for c in known:
        here = [float(weights[(labels == c) & (groups == g)].sum()) for g in range(3)]
        present = [share for share in here if share > 0]
        assert present == pytest.approx([1 / (len(known) * len(present))] * len(present))


def test_groups_of_one_size_are_a_plain_fit():
    p = problem(seed=1)
    groups = (torch.arange(120) // 3) % 2
    one = fit_dfr(replace(p, groups=groups), DFRSettings())
    other = fit_crt(p, CRTSettings())
    assert torch.equal(one.weight, other.weight)
    assert torch.equal(one.bias, other.bias)


def test_dfr_is_scikit_learn_s_on_standardised_features():
    p, settings = problem(), DFRSettings(strength=0.05)
    weights = Cells.found(p.labels, p.groups).weights()
    scaler = StandardScaler().fit(p.features)
    reference = LogisticRegression(C=1 / 0.05, tol=1e-10, max_iter=10_000).fit(
        scaler.transform(p.features), p.labels, weights
    )
    z = torch.from_numpy(scaler.transform(p.features))
    expected = z.double() @ torch.from_numpy(reference.coef_).T + torch.from_numpy(
        reference.intercept_
    )
    found = fit_dfr(p, settings)(p.features.double())
    centred = [x - x.mean(1, keepdim=True) for x in (found, expected)]
    assert torch.allclose(*centred, atol=1e-3)


def test_dfr_with_subsets_is_the_mean_of_fits_to_them():
    p = problem()
    settings = DFRSettings(subsets=3, penalty="l1", strength=0.02)
    cells = Cells.found(p.labels, p.groups)
    generator = torch.Generator().manual_seed(0)
    scaler = StandardScaler().fit(p.features)
    z = torch.from_numpy(scaler.transform(p.features.double().numpy()))
    coefficients = []
    for _ in range(3):
        rows = cells.subset(generator)
        assert Cells.found(p.labels[rows], p.groups[rows]).size.unique().tolist() == [10]
        fit = LogisticRegression(
            C=1 / (0.02 * len(rows)), l1_ratio=1.0, solver="saga", tol=1e-8, max_iter=100_000
        ).fit(z[rows].numpy(), p.labels[rows].numpy())
        coefficients.append(torch.from_numpy(fit.coef_))
    expected = torch.stack(coefficients).mean(0) / torch.from_numpy(scaler.scale_)
    assert torch.allclose(fit_dfr(p, settings).weight, expected, atol=1e-3)


def test_dfr_does_not_see_examples_of_unknown_group():
    p = problem()
    spoilt = torch.cat([p.features, torch.full((9, 4), 1e4)])
    more = replace(
        p,
        features=spoilt,
        labels=torch.cat([p.labels, p.labels[:9]]),
        logits=torch.cat([p.logits, p.logits[:9]]),
        groups=torch.cat([p.groups, torch.full((9,), -1)]),
    )
    for settings in (DFRSettings(), DFRSettings(subsets=2)):
        one, other = fit_dfr(p, settings), fit_dfr(more, settings)
        if settings.subsets == 0:
            assert torch.equal(one.weight, other.weight)
        assert other.weight.abs().max() < 10


def test_afr_weights_by_hand():
    logits = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [100.0, 0.0]])
    labels = torch.tensor([0, 0, 1, 1])
    half, none = torch.exp(torch.tensor(-1.0)).item(), 1.0  # gamma 2, p = 1/2 or 0
    raw = torch.tensor([half, half, half, none], dtype=torch.float64)
    assert torch.allclose(afr_weights(logits, labels, 2.0), raw / raw.sum())
    plain = afr_weights(logits[:3], labels[:3], 0.0, class_balanced=True)
    assert plain.tolist() == pytest.approx([0.25, 0.25, 0.5])
    plain = afr_weights(logits[:3], labels[:3], 0.0, class_balanced=False)
    assert plain.tolist() == pytest.approx([1 / 3] * 3)


def test_afr_with_a_huge_pull_keeps_every_bit():
    p = problem()
    found = fit_afr(p, AFRSettings(pull=1e12))
    assert torch.equal(found.weight.float(), p.old.weight)
    assert torch.equal(found.bias.float(), p.old.bias)


def test_afr_moves_the_layer_towards_what_it_got_wrong():
    p = problem()
    new = fit_afr(p, AFRSettings())
    right = new(p.features.double()).argmax(1) == p.labels
    assert right.double().mean() > (p.logits.argmax(1) == p.labels).double().mean()


def test_afr_needs_the_old_layer():
    with pytest.raises(InputError, match="Expected a linear last layer for the method 'afr'"):
        fit_afr(problem(old=None), AFRSettings())


def test_spuriousness_by_hand():
    features = torch.tensor([[1.0, 5], [3, 5], [2, 9], [8, 1], [4, 1], [0, 0]])
    labels = torch.tensor([0, 0, 0, 0, 1, 1])
    wrong = torch.tensor([False, False, True, True, False, True])
    delta = spuriousness(features, labels, wrong, 3)
    # Class 0: medians (5, 5) of errors, (2, 5) of others; class 1: (0, 0) and (4, 1).
    assert delta[:2].tolist() == [[3, 0], [-4, -1]]
    assert delta[2].isnan().all()
    assert biased_features(delta, 0.0, every=True).tolist() == [False, False]
    assert biased_features(delta, 0.0, every=False).tolist() == [True, False]
    assert biased_features(delta, 3.0, every=False).tolist() == [False, False]


def test_neurontune_without_biased_features_is_crt():
    p = problem()
    found = fit_neurontune(p, NeuronTuneSettings(threshold=1e6))
    assert torch.equal(found.weight, fit_crt(p, CRTSettings()).weight)


def test_neurontune_takes_features_out():
    p = problem()
    features = p.features.clone()
    features[:, 2] += 50 * (p.logits.argmax(1) != p.labels)
    found = fit_neurontune(replace(p, features=features), NeuronTuneSettings())
    assert not found.weight[:, 2].any()
    others = [0, 1, 3]
    alone = replace(p, features=features[:, others], old=None)
    delta = spuriousness(features, p.labels, p.logits.argmax(1) != p.labels, 3)
    kept = ~biased_features(delta, 0.0, every=True)
    if kept.tolist() == [True, True, False, True]:
        assert torch.equal(found.weight[:, others], fit_crt(alone, CRTSettings()).weight)


def test_neurontune_needs_errors():
    p = problem()
    perfect = torch.nn.functional.one_hot(p.labels, 3).float()
    with pytest.raises(InputError, match="but got 0 errors among 120 examples"):
        fit_neurontune(replace(p, logits=perfect), NeuronTuneSettings())


def test_class_weights():
    assert class_weights(torch.tensor([0, 0, 2])).tolist() == pytest.approx([0.25, 0.25, 0.5])


@hypothesis.settings(max_examples=10)
@given(st.integers(0, 20))
def test_a_scale_takes_layers_there_and_back(seed):
    p = problem(seed=seed)
    scale = Scale.of(p.features)
    there = scale.inward(p.old)
    assert close(scale.outward(there), p.old, 1e-5)
    z = scale.apply(p.features)
    assert torch.allclose(there(z), p.old(p.features).double(), atol=1e-4)
    assert torch.allclose(z.mean(0), torch.zeros(4, dtype=torch.float64), atol=1e-6)
    assert torch.allclose(z.square().mean(0), torch.ones(4, dtype=torch.float64))


def test_constant_features_get_no_weight():
    p = problem()
    features = p.features.clone()
    features[:, 1] = 7.5
    found = fit_crt(replace(p, features=features), CRTSettings())
    assert found.weight[:, 1].abs().max() < 1e-8
    assert torch.isfinite(found.weight).all()


@pytest.mark.parametrize("name", REPAIR_METHODS)
def test_a_layer_without_bias_stays_without(name):
    p = problem(bias=False)
    p = replace(p, old=LinearMap(p.old.weight, None))
    settings = {"threshold": 0.5} if name == "neurontune" else {}
    method = repair_method(name)
    assert method.fit(p, method.settings_from(settings)).bias is None


@pytest.mark.parametrize("name", REPAIR_METHODS)
def test_all_methods_learn(name):
    p = problem(300)
    method = repair_method(name)
    new = method.fit(p, method.settings_from(None))
    before, after = (
        float((logits.argmax(1) == p.labels).double().mean())
        for logits in (p.logits, new(p.features.double()))
    )
    assert new.weight.dtype == torch.float64
    assert after > before + 0.1


def test_degenerate_groups():
    p = problem()
    for groups, message in (
        (None, "Expected groups for the method 'dfr', but got none; pass groups="),
        (p.labels, "Expected a class with two groups at least"),
        ((torch.arange(120) < 3).long(), r"but got 1 of class 0 in group 1, 1 of class 1 in"),
        (torch.where(p.labels == 2, -1, p.groups), "but got none of class 2"),
    ):
        with pytest.raises(InputError, match=message):
            fit_dfr(replace(p, groups=groups), DFRSettings())
    few = replace(p, groups=(torch.arange(120) < 3).long())
    assert torch.isfinite(fit_dfr(few, DFRSettings(min_group=1)).weight).all()


def test_groups_without_counter_examples_are_named_with_what_can_mend_it():
    p = problem()
    names = tuple(f"{name}, {kind}" for name in "abc" for kind in ("not misled", "misled"))
    none = 2 * p.labels
    none[:4] = -1
    told = (
        r"one in each of 3 classes \(no example in 'a, misled', 'b, misled', 'c, misled'; 4 in no "
        r"group, as an audit leaves out those whose labels look wrong, .*'afr'\. Where hardly an "
        r"example goes against a shortcut, .* that takes other data in which more do"
    )
    with pytest.raises(InputError, match=told):
        fit_dfr(replace(p, groups=none, group_names=names), DFRSettings())
    one = none.clone()
    row = int((p.labels == 1).nonzero()[-1])
    one[row] += 1
    told = (
        r"got 1 of class 1 in group 'b, misled' \(no example in 'a, misled', 'c, misled'; 4 in no "
        r"group.*set min_group=1 .*other data"
    )
    with pytest.raises(InputError, match=told):
        fit_dfr(replace(p, groups=one, group_names=names), DFRSettings())


def test_a_class_with_one_group_is_told_where_groups_have_no_names():
    p = problem()
    groups = torch.zeros_like(p.labels)
    groups[int((p.labels == 1).nonzero()[-1])] = 1
    with pytest.raises(InputError, match=r"in group 1 \(only one group in class 0, 2\); add"):
        fit_dfr(replace(p, groups=groups), DFRSettings())


def test_absent_classes_are_refused_but_by_afr():
    p = problem()
    two = replace(p, labels=p.labels.clamp(max=1))
    for fit, settings in ((fit_crt, CRTSettings()), (fit_dfr, DFRSettings())):
        with pytest.raises(InputError, match="but got none of class 2; add held-out examples"):
            fit(two, settings)
    assert torch.isfinite(fit_afr(two, AFRSettings()).weight).all()


def test_settings():
    dfr = repair_method("dfr")
    assert dfr.settings_from(None) == DFRSettings()
    assert dfr.settings_from({"subsets": 4}).subsets == 4
    assert dfr.settings_from(DFRSettings(subsets=4)).subsets == 4
    for given_settings, message in (
        ({"subset": 4}, "but got 'subset'; did you mean subsets"),
        (DFRSettings(strength=0.0), "Expected strength to be a number above 0 and .*, but got 0.0"),
        ({"strength": float("inf")}, "and at most 1e.15, but got inf"),
        (AFRSettings(), "as a mapping or as DFRSettings, but got AFRSettings"),
        (3, "but got int; pass for instance"),
    ):
        with pytest.raises(InputError, match=message):
            dfr.settings_from(given_settings)
    with pytest.raises(InputError, match="but got 'drf'; did you mean dfr"):
        repair_method("drf")
    assert [m.name for m in REPAIR_METHODS.values() if m.needs_groups] == ["dfr", "leace", "inlp"]
