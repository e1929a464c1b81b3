"""What all readers say: out of fold, from a sample, a slice at a time."""

import numpy as np
import pytest
import torch
from torch import nn

from earlysieve.auditing import second_look, views
from earlysieve.auditing.collect import collect
from earlysieve.auditing.eye import Sample, open_eye
from earlysieve.auditing.maps import position_map, principal_channels
from earlysieve.auditing.second_look import look_again, sample_rows
from earlysieve.auditing.views import LayerViews, Views
from earlysieve.datasets.opened_data import opened
from earlysieve.datasets.variables import Variable
from earlysieve.model.layout import Layout
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.folds import assign_folds

from .helpers import Net, Pictures, Planted

COUNT, CLASSES = 240, 3


def store(rows):
    found = FeatureStore()
    found.append(torch.as_tensor(rows, dtype=torch.float32))
    return found


def made(count=COUNT, seed=0):
    """A table, a layer that sees it, and a model that is right but for one example in ten."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, count)
    table = rng.normal(size=(count, 5))
    table[:, 1] += labels
    said = np.where(rng.random(count) < 0.1, (labels + 1) % CLASSES, labels)
    logits = 3 * np.eye(CLASSES)[said] + rng.normal(size=(count, CLASSES)) / 4
    return table, np.tanh(table @ rng.normal(size=(5, 4))), logits, labels


def seen(table, layer, logits):
    kept = {"first": LayerViews(Layout.FLAT, store(layer), keeps_mean=False)}
    length = np.abs(table[:, :1])
    return Views(kept, store(table), {"length": store(length)}, store(logits))


def named(names):
    return [Variable(name, (k,)) for k, name in enumerate(names)]


def folds(labels, count=5):
    return assign_folds(torch.as_tensor(labels), count).numpy()


@pytest.fixture(scope="module")
def again():
    *shown, labels = made()
    return look_again(seen(*shown), labels, folds(labels), variables=named("abcde"))


def close(first, second, *, tolerance=1e-5):
    """Whether two looks agree in everything."""
    assert first.weights == pytest.approx(second.weights, abs=tolerance)
    assert first.reads == pytest.approx(second.reads)
    for name in ("score", "doubt", "preference"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), abs=tolerance)
    for name, score in first.by_reader.items():
        assert score == pytest.approx(second.by_reader[name], abs=tolerance)
        assert np.array_equal(first.says[name], second.says[name])
        assert np.array_equal(first.sides[name], second.sides[name])


def of_rows(found, rows):
    """A look, and what it says of some examples."""
    per_reader = {"by_reader", "says", "sides"}
    changed = {n: {k: v[rows] for k, v in getattr(found, n).items()} for n in per_reader}
    whole = {name: getattr(found, name)[rows] for name in ("score", "doubt", "preference")}
    return type(found)(**vars(found) | changed | whole)


def test_readers_of_layers_come_first_and_see_no_property(again):
    assert list(again.by_reader)[:3] == ["columns", "first mean", "length"]
    assert again.properties[:2] == ("length", "column b")
    assert again.properties[-3:] == ("other columns", "direction", "other directions")
    assert len(again.properties) == 7
    assert set(again.says) == set(again.sides) == set(again.reads) == set(again.by_reader)


def test_scores_are_differences_of_probabilities(again):
    _, _, logits, labels = made()
    model = logits.argmax(1)
    for name, score in again.by_reader.items():
        assert score.shape == (COUNT,)
        assert (np.abs(score) <= 1).all()
        assert np.array_equal(again.says[name] == labels, score < 0)
        assert again.reads[name] == (again.says[name] == labels).mean()
        # Where the model is right no side is taken; else the reader's own answer is its side.
        assert not again.sides[name][model == labels].any()
        wrong = model != labels
        assert again.sides[name][wrong & (again.says[name] == labels)].all()
        assert not again.sides[name][wrong & (again.says[name] == model)].any()
    assert again.reads["column b"] > again.reads["other columns"]
    assert sum(again.weights.values()) == pytest.approx(1)
    mean = sum(again.weights[name] * score for name, score in again.by_reader.items())
    assert again.score == pytest.approx(mean, abs=1e-6)
    assert (np.abs(again.doubt) <= 1).all()
    assert (np.abs(again.preference) <= 1).all()


def test_an_examples_own_label_is_not_in_the_readout_of_its_fold():
    _, layer, _, labels = made()
    fold_of = folds(labels)
    other = labels.copy()
    other[7] = (labels[7] + 1) % CLASSES
    one, two = (
        open_eye(store(layer), Sample(np.arange(COUNT), some, fold_of, CLASSES, 5))
        for some in (labels, other)
    )
    same = [np.allclose(one.fit.readouts[k], two.fit.readouts[k], atol=1e-9) for k in range(5)]
    assert same == [fold == fold_of[7] for fold in range(5)]


def test_rows_that_were_fitted_are_read_again_alike():
    table, _, _, labels = made()
    fold_of, weights = folds(labels), np.where(labels == 0, 3.0, 1.0)
    sample = Sample(np.arange(COUNT), labels, fold_of, CLASSES, 5)
    eye = open_eye(store(table), sample)
    columns = eye.columns(slice(0, COUNT))
    assert eye.fit.chances(columns, fold_of) == pytest.approx(eye.reader.probabilities)
    fit, chances = eye.mender(sample, weights)
    assert fit.chances(columns, fold_of) == pytest.approx(chances)


def test_what_readers_say_of_an_example_does_not_depend_on_its_label(again):
    *shown, labels = made()
    fold_of = folds(labels)
    for row in (0, 50, 100):
        other = labels.copy()
        other[row] = (labels[row] + 1) % CLASSES
        found = look_again(seen(*shown), other, fold_of)
        for name in ("columns", "first mean", "length"):
            assert found.says[name][row] == again.says[name][row]


def test_in_sample_there_is_one_readout():
    *shown, labels = made()
    found = look_again(seen(*shown), labels, np.zeros(COUNT, int))
    outside = look_again(seen(*shown), labels, folds(labels))
    assert found.reads["columns"] >= outside.reads["columns"]


# --- many examples --------------------------------------------------------------------------------


def few_fitted(monkeypatch, count):
    monkeypatch.setattr(second_look, "MOST_FITTED", count)
    monkeypatch.setattr(second_look, "_FEWEST_FITTED", count)


def test_which_examples_are_fitted():
    assert sample_rows(10_000, 2, 0).tolist() == list(range(10_000))
    rows = sample_rows(10_001, 2, 0)
    assert len(np.unique(rows)) == len(rows) == 10_000
    assert (np.diff(rows) > 0).all()
    assert not np.array_equal(rows, sample_rows(10_001, 2, 1))
    # With many classes fewer, yet not fewer than a thousand.
    assert len(sample_rows(10_001, 1000, 0)) == 4000
    assert len(sample_rows(10_001, 100_000, 0)) == 1000


def test_every_example_is_scored_as_by_a_fit_on_the_sample(monkeypatch):
    *shown, labels = made()
    fold_of = folds(labels)
    few_fitted(monkeypatch, 90)
    found = look_again(seen(*shown), labels, fold_of, seed=3)
    assert len(found.score) == COUNT
    assert all(np.isfinite(score).all() for score in found.by_reader.values())
    rows = sample_rows(COUNT, CLASSES, 3)
    assert len(rows) == 90
    alone = look_again(seen(*(part[rows] for part in shown)), labels[rows], fold_of[rows])
    close(of_rows(found, rows), alone)


def test_a_fold_that_the_sample_lacks_is_scored_all_the_same(monkeypatch):
    *shown, labels = made(60)
    few_fitted(monkeypatch, 40)
    found = look_again(seen(*shown), labels, np.arange(60))
    # Its examples are judged by the readout of the whole sample, which has not seen them either.
    whole = look_again(seen(*shown), labels, np.zeros(60, int))
    left = np.setdiff1d(np.arange(60), sample_rows(60, CLASSES, 0))
    assert len(left) == 20
    for name, score in found.by_reader.items():
        assert (np.abs(score) <= 1).all()
        assert np.array_equal(found.says[name][left], whole.says[name][left])


def test_slices_change_nothing(monkeypatch, again):
    *shown, labels = made()
    monkeypatch.setattr(views, "_chunk", lambda _store: 7)
    names = ["a", "b", "c", "d", "e"]
    close(look_again(seen(*shown), labels, folds(labels), variables=named(names)), again)


# --- the pass -------------------------------------------------------------------------------------


def collected(model, data, batch_size, layers=None):
    source = opened(data)
    with torch.no_grad():
        return collect(model.eval(), source.batches(batch_size=batch_size), layers)


def test_the_batch_size_of_the_pass_changes_nothing_but_rounding():
    data = Planted()
    labels = data.labels.numpy()
    found = [
        look_again(collected(Net(), data, size).views, labels, folds(labels)) for size in (7, 240)
    ]
    close(*found, tolerance=1e-4)


def pictures_seen(batch_size):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(3, 20, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(20, 2)
        )
    return model, collected(model, Pictures(), batch_size, ["1"]).views


def test_properties_and_means_do_not_depend_on_the_batch_size():
    (_, small), (_, large) = pictures_seen(8), pictures_seen(40)
    assert small.properties.keys() == large.properties.keys()
    for name, kept in small.properties.items():
        assert torch.allclose(kept.all(), large.properties[name].all(), atol=1e-5)
    assert torch.allclose(small.layers["1"].mean.all(), large.layers["1"].mean.all(), atol=1e-5)
    assert torch.allclose(small.logits.all(), large.logits.all(), atol=1e-5)


def test_the_directions_of_maps_are_those_of_the_first_batch():
    """Maps depend on the batch size: which channels they keep is chosen on the first batch."""
    for size in (8, 40):
        model, found = pictures_seen(size)
        images = Pictures().x
        with torch.no_grad():
            layer = model[1](model[0](images))
        directions = principal_channels(layer[:size], Layout.FIRST)
        expected = position_map(layer, Layout.FIRST, directions)
        assert torch.allclose(found.layers["1"].maps.all().abs(), expected.abs(), atol=1e-4)


def test_one_property_by_itself_and_all_others():
    """A column that tells the label is read by itself; the rest tells an interaction."""
    rng = np.random.default_rng(0)
    core = rng.normal(size=(600, 2))
    labels = (core.prod(1) > 0).astype(int)
    fails = rng.random(600) < 0.1
    cue = 2.0 * (labels ^ fails) - 1
    table = np.c_[core, cue]
    logits = np.stack([-cue, cue], 1)
    found = look_again(seen(table, core, logits), labels, folds(labels))
    assert np.array_equal(found.says["column 2"] != labels, fails)
    # What the model gets wrong, the interaction of the others speaks for.
    assert found.sides["other columns"][fails].mean() > 0.8
    assert found.reads["columns"] < 0.95


def test_a_cue_that_is_spread_over_all_columns_and_what_is_left():
    """No column tells the cue from the core; what they share is the cue, the rest the core."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 900)
    fails = rng.random(900) < 0.1
    cue = (2.0 * (labels ^ fails) - 1) * rng.uniform(0.5, 1.5, 900)
    core = 2.0 * labels - 1 + 0.3 * rng.normal(size=900)
    axes = np.linalg.qr(rng.normal(size=(12, 2)))[0]
    table = np.c_[4 * cue, core] @ axes.T + 0.02 * rng.normal(size=(900, 12))
    found = look_again(seen(table, table, np.stack([-cue, cue], 1)), labels, folds(labels))
    assert ((found.says["direction"] != labels) == fails).mean() > 0.98
    assert found.sides["other directions"][fails].mean() > 0.9


def test_two_columns_whose_product_tells_are_read_together():
    rng = np.random.default_rng(5)
    table = rng.uniform(-1, 1, (1000, 5))
    labels = (table[:, 1] * table[:, 3] > 0).astype(int)
    names = ["a", "b", "c", "d", "e"]
    looked = seen(table, table, np.eye(2)[labels])
    found = look_again(looked, labels, folds(labels), variables=named(names))
    assert "columns b and d" in found.properties
    assert found.reads["columns b and d"] > 0.97


def test_all_columns_beside_two_are_read_together_too():
    """No sensor by itself tells what all tell together, where the two columns fail."""
    rng = np.random.default_rng(6)
    labels = rng.integers(0, 2, 2000)
    fails = rng.random(2000) < 0.1
    both = rng.uniform(0.1, 1, (2000, 2)) * rng.choice((-1, 1), (2000, 1))
    both[:, 1] *= 2.0 * (labels ^ fails) - 1
    sensors = 0.5 * (2 * labels[:, None] - 1) + rng.normal(size=(2000, 6))
    table = np.c_[sensors, both]
    logits = np.stack([-both.prod(1), both.prod(1)], 1)
    names = ["a", "b", "c", "d", "e", "f", "g", "h"]
    found = look_again(seen(table, table, logits), labels, folds(labels), variables=named(names))
    assert ((found.says["columns g and h"] != labels) == fails).mean() > 0.99
    sides = {name: found.sides[name][fails].mean() for name in found.sides if "column" in name}
    assert sides["all other columns"] > 0.85
    assert sides["all other columns"] > max(
        side for name, side in sides.items() if name.startswith("column ")
    ) + 0.1  # fmt: skip


def test_a_column_that_must_not_matter_is_read_whatever_it_tells():
    *shown, labels = made()
    found = look_again(
        seen(*shown), labels, folds(labels), variables=named("abcde"), named=["column e"]
    )
    plain = look_again(seen(*shown), labels, folds(labels), variables=named("abcde"))
    assert "column e" not in plain.properties
    assert "column e" in found.properties


def test_the_reader_of_a_column_sees_a_threshold_where_it_is():
    rng = np.random.default_rng(4)
    table = rng.uniform(-1, 1, (1000, 3))
    labels = (table[:, 1] > 0.2).astype(int)
    found = look_again(seen(table, table, np.eye(2)[labels]), labels, folds(labels))
    assert found.reads["column 1"] > 0.998


def test_what_the_core_tells_is_preferred_and_wrong_labels_are_not():
    """Once suspects weigh more, readers prefer the label where it can be told at all."""
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 1200)
    fails = rng.random(1200) < 0.06
    cue, core = 2.0 * (labels ^ fails) - 1, 2.0 * labels - 1
    logits = 3 * np.stack([-cue, cue], 1)
    noise = rng.normal(size=1200)

    def preferred(second):
        late = np.stack([4 * cue + rng.normal(size=1200), second], 1)
        kept = {"late": LayerViews(Layout.FLAT, store(late), keeps_mean=False)}
        found = look_again(Views(kept, None, {}, store(logits)), labels, folds(labels))
        return (found.preference < 0)[fails].mean(), (found.by_reader["late mean"] < 0)[
            fails
        ].mean()

    again, before = preferred(core + 0.5 * noise)
    assert again > max(0.7, before)
    again, before = preferred(noise)
    assert before < 0.1
    assert again < 0.6
