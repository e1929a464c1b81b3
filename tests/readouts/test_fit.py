from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.errors import InputError
from earlysieve.model.layout import Layout
from earlysieve.readouts import fit
from earlysieve.readouts.feature_store import Budget, FeatureStore
from earlysieve.readouts.fit import read_out
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, TokenHead
from earlysieve.readouts.linear import fit_linear
from earlysieve.readouts.margin import margins
from earlysieve.readouts.minibatch import FitSchedule, Update, _shuffled, fit_minibatch


def problem(count=60, width=4, classes=3):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % classes
    centres = 2 * torch.randn(classes, width, generator=generator)
    return torch.randn(count, width, generator=generator) + centres[labels], labels


@pytest.fixture
def hasty(monkeypatch):
    """Trained readouts take few large steps."""
    schedule = FitSchedule(lr=1e-2, epochs=1, least_steps=50)
    monkeypatch.setattr(fit, "fit_minibatch", partial(fit_minibatch, schedule=schedule))


def stored(features, budget=None):
    store = FeatureStore(budget)
    for rows in features.split(25):
        store.append(rows)
    return store


@pytest.mark.parametrize("folds", [1, 2, 3, 5, 10])
def test_folds_have_equal_sizes_and_class_shares(folds):
    labels = torch.tensor([0] * 40 + [1] * 20 + [2] * 3)
    fold_of = assign_folds(labels, folds, seed=4)
    assert sorted(set(fold_of.tolist())) == list(range(folds))
    sizes = np.bincount(fold_of)
    assert sizes.max() - sizes.min() <= 1
    for label in range(3):
        shares = np.bincount(fold_of[labels == label], minlength=folds)
        assert shares.max() - shares.min() <= 1


def test_folds_depend_on_the_seed_alone():
    labels = torch.arange(50) % 3
    assert torch.equal(assign_folds(labels, 5, 1), assign_folds(labels, 5, 1))
    assert not torch.equal(assign_folds(labels, 5, 1), assign_folds(labels, 5, 2))


@pytest.mark.parametrize("folds", [0, -1, 4])
def test_more_folds_than_examples(folds):
    with pytest.raises(InputError) as caught:
        assign_folds(torch.tensor([0, 1, 0]), folds)
    assert str(caught.value) == (
        "Expected folds to lie between 1 and the number of examples (3), "
        f"but got {folds}; use fewer folds, or folds=0 to score in-sample"
    )


def test_as_many_folds_as_examples():
    features, labels = problem(6)
    fold_of = assign_folds(labels, 6)
    reading = read_out(stored(features), labels, fold_of, LinearHead(), Layout.FLAT)
    assert torch.isfinite(reading.loss).all()


def test_margins_by_hand():
    p = torch.tensor([[0.5, 0.2, 0.3], [0.1, 0.9, 0.0], [0.4, 0.4, 0.2]])
    assert margins(p).tolist() == pytest.approx([0.2, 0.8, 0.0], abs=1e-7)
    assert margins(torch.tensor([[0.3, 0.7]])).tolist() == pytest.approx([0.4])


@given(
    st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=9),
    st.randoms(use_true_random=False),
)
def test_margins_lie_in_their_range_whatever_the_order_of_classes(logits, shuffle):
    p = torch.tensor([logits], dtype=torch.float64).softmax(-1)
    order = list(range(len(logits)))
    shuffle.shuffle(order)
    margin = float(margins(p)[0])
    assert 0 <= margin <= 1
    assert float(margins(p[:, order])[0]) == margin


def test_linear_reading_by_hand():
    features, labels = problem()
    fold_of = assign_folds(labels, 3)
    reading = read_out(stored(features), labels, fold_of, LinearHead(), Layout.FLAT, l2=0.5)
    every = fit_linear(stored(features), labels, fold_of, 3, l2=0.5).logits(features)
    for i in range(len(labels)):
        p = every[i, fold_of[i]].softmax(-1)
        top = p.sort(descending=True).values
        assert int(reading.prediction[i]) == int(p.argmax())
        assert float(reading.margin[i]) == pytest.approx(float(top[0] - top[1]), abs=1e-6)
        expected = -float(p[labels[i]].log())
        assert float(reading.loss[i]) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert [reading.margin.dtype, reading.loss.dtype] == [torch.float32] * 2


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("head", [MLPHead(8), TokenHead(depth=1, width=8), ConvHead(width=8)])
def test_trained_readouts_learn_and_never_see_their_own_fold(head):
    features, labels = problem(90)
    maps = features[:, :, None].repeat(1, 1, 16)
    fold_of = assign_folds(labels, 3)

    def reading(x, y):
        return read_out(stored(x), y, fold_of, head, Layout.FIRST, seed=1)

    plain = reading(maps, labels)
    assert float((plain.prediction == labels).float().mean()) > 0.8
    again = reading(maps, labels)
    assert torch.equal(again.margin, plain.margin)
    example = 7
    own = fold_of == fold_of[example]
    changed = labels.clone()
    changed[example] = (labels[example] + 1) % 3
    relabelled = reading(maps, changed)
    assert torch.equal(relabelled.margin[own], plain.margin[own])
    assert not torch.equal(relabelled.margin, plain.margin)
    wild = maps.clone()
    wild[example] = 1e4
    others = own & (torch.arange(90) != example)
    assert torch.equal(reading(wild, labels).margin[others], plain.margin[others])


def test_trained_readouts_in_sample_see_everything():
    features, labels = problem(60)
    labels = labels.clone()
    labels[::7] = (labels[::7] + 1) % 3
    zero = torch.zeros_like(labels)
    store = stored(features)
    inside = read_out(store, labels, zero, MLPHead(64), Layout.FLAT)
    outside = read_out(store, labels, assign_folds(labels, 3), MLPHead(64), Layout.FLAT)
    assert inside.loss.mean() < outside.loss.mean()


def test_a_channel_that_is_constant_in_training_cannot_blow_up():
    features, labels = problem(40)
    features[:, 1] = 1000.0
    train = torch.arange(40) > 0
    features[0, 1] = 1001.0
    readout = fit_minibatch(stored(features), labels, train, 3, MLPHead(8), Layout.FLAT)
    usual = features[0].clone()
    usual[1] = 1000.0
    with torch.no_grad():
        assert torch.equal(readout(features[:1]), readout(usual[None]))


def test_standardisation_is_that_of_the_training_rows():
    features, labels = problem(40)
    features = 1e3 + 1e-1 * features
    train = torch.arange(40) % 2 == 0
    readout = fit_minibatch(stored(features), labels, train, 3, MLPHead(8), Layout.FLAT)
    inside = features[train].double()
    assert torch.allclose(readout.mean[0].double(), inside.mean(0), rtol=1e-6)
    assert torch.allclose(readout.deviation[0].double(), inside.std(0, correction=0), rtol=1e-4)


@pytest.mark.usefixtures("hasty")
def test_a_store_in_a_file_trains_the_same_readout():
    features, labels = problem(60)
    fold_of = assign_folds(labels, 2)
    inside, outside = (
        read_out(store, labels, fold_of, MLPHead(8), Layout.FLAT)
        for store in (stored(features), stored(features, Budget(0)))
    )
    assert torch.equal(inside.margin, outside.margin)


def test_steps_are_limited():
    features, labels = problem(60)
    everything = torch.ones(60, dtype=torch.bool)

    def trained(schedule):
        readout = fit_minibatch(
            stored(features), labels, everything, 3, MLPHead(8), Layout.FLAT, schedule=schedule
        )
        return readout.readout.classifier[0].weight

    none = trained(FitSchedule(most_steps=0))
    assert torch.equal(none, MLPHead(8).build((1, 4), 3, layout=Layout.FLAT).classifier[0].weight)
    two = FitSchedule(epochs=2, batch_size=60, least_steps=0)
    assert torch.equal(trained(two), trained(FitSchedule(batch_size=60, most_steps=2)))
    few = FitSchedule(epochs=1, batch_size=60, least_steps=7)
    assert torch.equal(trained(few), trained(FitSchedule(batch_size=60, most_steps=7)))


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("head", [LinearHead(), MLPHead(8)])
def test_the_callers_modes_do_not_matter(head):
    features, labels = problem(60)
    fold_of = assign_folds(labels, 2)

    def reading():
        return read_out(stored(features), labels, fold_of, head, Layout.FLAT).margin

    plain = reading()
    with torch.no_grad():
        assert torch.equal(reading(), plain)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(reading(), plain)
    before = torch.get_rng_state()
    reading()
    assert torch.equal(torch.get_rng_state(), before)


def test_rows_sorted_by_class_are_mixed_and_each_is_seen_once():
    count = 40_000
    labels = torch.arange(count) * 2 // count
    train = torch.arange(count) % 5 > 0
    store = stored_whole(torch.arange(count).float()[:, None])
    generator = torch.Generator().manual_seed(0)
    batches = list(_shuffled(store, labels, train, 128, generator))
    rows = torch.cat([features for features, _ in batches]).squeeze(1).long()
    targets = torch.cat([labels for _, labels in batches])
    assert torch.equal(rows.sort().values, train.nonzero().squeeze(1))
    assert torch.equal(targets, labels[rows])
    shares = torch.stack([labels.double().mean() for _, labels in batches if len(labels) == 128])
    assert 0.25 < float(shares.min()) < float(shares.max()) < 0.75


def stored_whole(features):
    store = FeatureStore()
    store.append(features)
    return store


@pytest.mark.parametrize("head", [LinearHead(), MLPHead(8)], ids=repr)
def test_a_readout_chooses_among_the_classes_that_have_examples(head, hasty):
    features, labels = problem()
    numbers = torch.tensor([7, 420, 999])
    fold_of = assign_folds(labels, 3)
    expected = read_out(stored(features), labels, fold_of, head, Layout.FLAT)
    found = read_out(stored(features), numbers[labels], fold_of, head, Layout.FLAT)
    assert torch.equal(found.prediction, numbers[expected.prediction])
    assert torch.equal(found.margin, expected.margin)
    assert torch.equal(found.loss, expected.loss)


def test_in_a_cycle_the_rate_rises_and_falls_to_nothing():
    plan = FitSchedule(lr=0.1, cycle=True)
    update = Update(torch.nn.Linear(4, 3), plan, 40)
    features, labels = problem(12)
    rates = []
    for _ in range(43):
        rates.append(update.optimizer.param_groups[0]["lr"])
        update(features, labels)
    top = rates.index(max(rates))
    assert rates[top] == pytest.approx(0.1, rel=0.01)
    assert top in (9, 10)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[40] < 1e-4
    assert rates[40:] == [rates[40]] * 3
