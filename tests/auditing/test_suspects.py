"""Readers, suspects, doubt, piles and maps, on cases worked out by hand."""

import math

import numpy as np
import pytest
import torch

from earlysieve.auditing import doubt, maps, readers, recover
from earlysieve.model.layout import Layout

FOLDS = np.arange(8) % 2


def standardised(features):
    return readers.scale_of(features).of(features)


def test_a_score_is_the_other_class_minus_the_label():
    chances = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]])
    reader = readers.opinion(chances, np.array([0, 2]))
    assert reader.score == pytest.approx([-0.5, 0.6])
    assert reader.prediction.tolist() == [0, 0]


def test_a_scale_switches_constant_features_off():
    features = np.array([[1.0, 5.0], [3.0, 5.0]], dtype=np.float32)
    scale = readers.scale_of(features)
    assert scale.of(features).tolist() == [[-1, 0, 1], [1, 0, 1]]
    # Other rows, also where they differ in what was constant.
    assert scale.of(np.array([[2.0, 9.0]])).tolist() == [[0, 0, 1]]


def test_ridge_readouts_have_not_seen_their_own_fold():
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(8, 2)), np.array([0, 1] * 4)
    columns = standardised(features)
    readouts = readers.ridge(columns, labels, FOLDS, 2, num_folds=2, l2=1.0)
    found = readers.applied(columns, FOLDS, readouts)
    rest = FOLDS == 1
    penalty = np.diag([1.0, 1.0, 1e-9])
    gram = columns[rest].T @ columns[rest] + penalty
    by_hand = columns[~rest] @ np.linalg.solve(gram, columns[rest].T @ np.eye(2)[labels[rest]])
    assert found[~rest] == pytest.approx(by_hand)


def test_a_fold_without_examples_gets_the_readout_of_all():
    rng = np.random.default_rng(3)
    columns, labels = standardised(rng.normal(size=(8, 2))), np.array([0, 1] * 4)
    found = readers.ridge(columns, labels, FOLDS, 2, num_folds=3)
    whole = readers.ridge(columns, labels, np.zeros(8, int), 2, num_folds=1)
    assert found[2] == pytest.approx(whole[0])
    assert readers.applied(columns[:1], np.array([2]), found) == pytest.approx(
        columns[:1] @ whole[0]
    )


def test_a_weight_counts_like_copies():
    rng = np.random.default_rng(1)
    columns, labels = standardised(rng.normal(size=(6, 2))), np.array([0, 1, 0, 1, 1, 0])
    weights = np.array([1.0, 1, 1, 1, 1, 3])
    copied = np.r_[np.arange(6), 5, 5]

    def fit(rows, **options):
        in_sample = np.zeros(len(rows), int)
        return readers.ridge(columns[rows], labels[rows], in_sample, 2, num_folds=1, **options)

    weighted = fit(np.arange(6), l2=0.0, weights=weights)
    assert weighted == pytest.approx(fit(copied, l2=0.0))
    # The penalty is in units of the mean weight.
    assert fit(np.arange(6), weights=np.full(6, 7.0)) == pytest.approx(fit(np.arange(6)))


def test_a_temperature_makes_scores_as_sure_as_they_are_right():
    scores = np.tile([[1.0, 0.0]], (20, 1))
    labels = (np.arange(20) < 5).astype(int)  # right three times of four
    factor = readers.temperature(scores, labels)
    assert readers.softmax(scores * factor)[0, 0] == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("right", [0.0, 0.3, 0.6, 0.99, 1.0])
def test_the_temperature_is_the_best_of_all(right):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 200)
    told = np.where(rng.random(200) < right, labels, (labels + 1) % 4)
    scores = np.eye(4)[told] + rng.normal(size=(200, 4)) / 5
    factors = np.exp(np.linspace(-1.0, 4.0, 23))

    def loss(factor):
        chance = readers.softmax(scores * factor)[np.arange(200), labels]
        return -np.log(chance + 1e-12).mean()

    found = loss(readers.temperature(scores, labels, factors))
    assert found == pytest.approx(min(map(loss, factors)), abs=1e-9)


def test_readers_that_tell_errors_weigh_more():
    labels = np.zeros(20, dtype=int)
    errors = np.arange(20) < 6
    sees = readers.opinion(np.where(errors[:, None], [[0.1, 0.9]], [[0.9, 0.1]]), labels)
    blind = readers.opinion(np.tile([[0.6, 0.4]], (20, 1)), labels)
    both = readers.combine({"sees": sees, "blind": blind}, errors)
    assert both.weights == {"sees": 1.0, "blind": 0.0}
    assert both.score == pytest.approx(sees.score)
    few = readers.combine({"sees": sees, "blind": blind}, np.arange(20) < 2)
    assert few.weights == {"sees": 0.5, "blind": 0.5}
    assert few.probabilities[0] == pytest.approx([0.35, 0.65])


def test_what_is_suspicious():
    labels = np.zeros(5, dtype=int)
    said = np.array([1, 1, 0, 0, 0])
    confidence = np.array([0.71, 0.7, 0.99, 0.6, 0.6])
    reader = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.35, 0.65], [0.36, 0.64]])
    found = recover.suspicious(said, confidence, reader, labels)
    # A sure error; an unsure one; a sure answer that is right; misread by 0.3; by less.
    assert found.tolist() == [True, False, False, True, False]


def test_suspects_weigh_as_much_as_the_rest_of_their_class():
    suspects = np.array([True, False, False, False, True])
    assert recover.suspect_weights(suspects, np.array([0, 0, 0, 0, 1])) == pytest.approx(
        [3, 1, 1, 1, 1]
    )
    many = np.arange(100) == 0
    assert recover.suspect_weights(many, np.zeros(100, int)).max() == 30


def test_the_models_own_temperature():
    chances = np.tile([[0.99, 0.01]], (20, 1))
    factor = recover.own_temperature(chances, (np.arange(20) < 5).astype(int))
    assert readers.softmax(np.log(chances) * factor)[0, 0] == pytest.approx(0.75, abs=0.02)


def test_doubt_needs_model_and_readers():
    labels = np.zeros(2, dtype=int)
    model = np.array([[0.05, 0.95], [0.05, 0.95]])
    reader = readers.opinion(np.array([[0.05, 0.95], [0.9, 0.1]]), labels)
    found = doubt.label_doubt(model, {"a": reader}, labels)
    assert found == pytest.approx([0.9, -0.8])


@pytest.mark.parametrize(
    ("error", "failing", "raised", "preference", "pile"),
    [
        (True, 0.9, -0.5, -0.5, "shortcut fails"),
        (False, 0.3, 0.2, 0.9, "shortcut fails"),  # the model gets it right all the same
        (True, 0.9, 0.9, -0.1, "shortcut fails"),  # once suspects weigh more, the label is read
        (True, 0.9, 0.9, 0.1, "label doubtful"),
        (True, 0.29, 0.51, -0.9, "label doubtful"),
        (False, 0.0, 0.51, 0.0, "label doubtful"),
        (True, 0.29, 0.5, 0.9, "rare or hard"),
        (True, 0.0, -0.5, 0.0, "rare or hard"),
        (False, 0.29, 0.5, 0.9, ""),
    ],
)
def test_piles(error, failing, raised, preference, pile):
    columns = (np.array([value]) for value in (error, failing, raised, preference))
    assert doubt.piles(*columns) == [pile]
    assert pile in doubt.PILES


def test_without_a_shortcut_nothing_is_in_its_pile():
    rng = np.random.default_rng(0)
    raised, preference = rng.uniform(-1, 1, (2, 300))
    found = doubt.piles(rng.random(300) < 0.3, np.zeros(300), raised, preference)
    assert set(found) == {"", "label doubtful", "rare or hard"}


@pytest.mark.parametrize(
    ("error", "misleading", "raised", "pile"),
    [
        (True, 0.3, 0.5, "misled"),
        (False, 0.9, -0.5, "misled"),  # the model gets it right all the same
        (True, 0.9, 0.51, "label doubtful"),
        (True, 0.29, 0.5, "rare or hard"),
        (False, 0.29, 0.5, ""),
    ],
)
def test_where_there_is_a_risk_alone_the_misled_are_a_pile(error, misleading, raised, pile):
    columns = [np.array([value]) for value in (error, 0.0, raised, -0.5, misleading)]
    assert doubt.piles(*columns) == [pile]


@pytest.mark.parametrize(
    ("failing", "misleading", "rest", "pile"),
    [
        (0.9, 0.0, -0.3, "shortcut fails"),  # the other words speak for the label
        (0.9, 0.0, 0.3, "label doubtful"),  # they speak against it, too
        (0.9, 0.0, -0.29, "label doubtful"),  # they say nothing: so do what weighted readers say
        (0.0, 0.9, -0.3, "misled"),
        (0.0, 0.9, -0.29, "label doubtful"),
        (0.0, 0.29, -0.9, "label doubtful"),  # nothing simple explains it
    ],
)
def test_a_label_that_the_rest_speaks_for_is_not_in_doubt(failing, misleading, rest, pile):
    columns = [np.array([value]) for value in (1.0, failing, 0.9, 0.5, misleading, rest)]
    columns[0] = columns[0] > 0
    assert doubt.piles(*columns) == [pile]


def test_what_the_rest_says_counts_for_more_than_weighted_readers():
    for rest, pile in ((0.5, "label doubtful"), (0.49, "shortcut fails")):
        columns = [np.array([value]) for value in (0.9, 0.9, -1.0, 0.0, rest)]
        assert doubt.piles(np.array([True]), *columns) == [pile]


def test_a_map_keeps_where_things_are():
    image = torch.zeros(2, 1, 8, 8)
    image[0, 0, :2, :2] = 1
    image[1, 0, 6:, 6:] = 1
    one = torch.ones(1, 1)
    found = maps.position_map(image, Layout.FIRST, one)
    assert found.shape == (2, 16)
    assert found[0].argmax() == 0
    assert found[1].argmax() == 15
    tokens = image.flatten(2).transpose(1, 2)
    assert torch.equal(maps.position_map(tokens, Layout.LAST, one), found)


def test_the_channels_in_which_positions_differ_are_kept():
    varied = torch.zeros(1, 3, 2, 2)
    varied[0, 1] = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    kept = maps.principal_channels(varied, Layout.FIRST, 1)
    assert kept.abs().squeeze(1).tolist() == pytest.approx([0.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("recovered", "explained", "raised"),
    [
        (0.5, 10, [False, False, False]),  # the rest speaks for the label
        (0.39, 60, [False, False, True]),  # Wilson's upper end is 0.52: it may as well be a guess
        (0.39, 200, [False, True, True]),  # 0.46: wrong labels are among them
        (math.nan, 0, [False, True, True]),
    ],
)
def test_labels_on_which_a_feature_fails_are_in_doubt_by_the_rest(recovered, explained, raised):
    preference = np.array([-0.2, 0.5, 0.9])
    assert (doubt.contrary(preference, recovered, explained, 0.5) > 0).tolist() == raised
