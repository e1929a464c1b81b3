"""Readers, recovery, doubt and signs, on cases worked out by hand."""

import math

import numpy as np
import pytest
import torch

from earlysieve.auditing import doubt, maps, readers, recover, signs
from earlysieve.model.layout import Layout

FOLDS = np.arange(8) % 2


def test_a_score_is_the_other_class_minus_the_label():
    chances = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]])
    reader = readers.opinion(chances, np.array([0, 2]))
    assert reader.score == pytest.approx([-0.5, 0.6])
    assert reader.margin == pytest.approx([0.5, 0.5])
    assert reader.of_label == pytest.approx([0.7, 0.1])


def test_ridge_scores_are_out_of_fold():
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(8, 2)), np.array([0, 1] * 4)
    columns = readers.standardised(features)
    found = readers.ridge_scores(columns, labels, FOLDS, 2, l2=1.0)
    rest = FOLDS == 1
    penalty = np.diag([1.0, 1.0, 1e-9])
    gram = columns[rest].T @ columns[rest] + penalty
    by_hand = columns[~rest] @ np.linalg.solve(gram, columns[rest].T @ np.eye(2)[labels[rest]])
    assert found[~rest] == pytest.approx(by_hand)


def test_a_weight_counts_like_copies():
    rng = np.random.default_rng(1)
    columns, labels = readers.standardised(rng.normal(size=(6, 2))), np.array([0, 1, 0, 1, 1, 0])
    one = np.zeros(6, dtype=int)
    weights = np.array([1.0, 1, 1, 1, 1, 3])
    copied = np.r_[np.arange(6), 5, 5]
    whole = readers.ridge_scores(columns, labels, one, 2, l2=0.0, weights=weights)
    again = readers.ridge_scores(columns[copied], labels[copied], np.zeros(8, int), 2, l2=0.0)
    assert whole == pytest.approx(again[:6])


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
    assert math.isnan(few.tells["sees"])


def test_suspects_weigh_as_much_as_the_rest_of_their_class():
    suspects = np.array([True, False, False, False, True])
    assert recover.suspect_weights(suspects, np.array([0, 0, 0, 0, 1])) == pytest.approx(
        [3, 1, 1, 1, 1]
    )


def test_what_the_core_tells_is_recovered_and_wrong_labels_are_not():
    rng = np.random.default_rng(2)
    count = 1200
    labels = rng.integers(0, 2, count)
    fails = rng.random(count) < 0.06
    cue, core = 2 * (labels ^ fails) - 1.0, 2 * labels - 1.0
    late = np.stack([4 * cue + rng.normal(size=count), core + 0.5 * rng.normal(size=count)], 1)
    chances = np.stack([1 - (cue + 1) / 2, (cue + 1) / 2], 1) * 0.98 + 0.01
    views = {"late": readers.standardised(late)}
    fold_of = np.arange(count) % 5
    found = recover.recoverability(views, chances, chances, labels, fold_of)
    assert found is not None
    assert found.share > 0.7
    assert found.z > 2
    noisy = np.stack([4 * cue + rng.normal(size=count), rng.normal(size=count)], 1)
    lost = recover.recoverability(
        {"late": readers.standardised(noisy)}, chances, chances, labels, fold_of
    )
    assert lost is not None
    assert lost.share < 0.6
    assert lost.z < 2


def test_nothing_suspicious_is_no_recovery():
    labels = np.array([0, 1] * 4)
    sure = np.eye(2)[labels] * 0.98 + 0.01
    views = {"late": readers.standardised(np.eye(2)[labels])}
    assert recover.recoverability(views, sure, sure, labels, FOLDS) is None


def test_the_runner_up():
    chances = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.6, 0.3, 0.1]])
    rows = np.ones(3, dtype=bool)
    assert recover.runner_up(chances, np.array([1, 2, 0]), rows) == 0.5
    assert math.isnan(recover.runner_up(chances[:, :2], np.array([1, 1, 0]), rows))


def test_errors_are_compared_within_the_class_that_is_said():
    said = np.array([0] * 6 + [1] * 2)
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    value = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.25, 9.0, 0.0])
    assert recover.error_predictability(value, said, labels) == pytest.approx(8 / 9)
    assert math.isnan(recover.error_predictability(value[6:], said[6:], labels[6:]))


def test_doubt_needs_model_and_readers():
    labels = np.zeros(2, dtype=int)
    model = np.array([[0.05, 0.95], [0.05, 0.95]])
    reader = readers.opinion(np.array([[0.05, 0.95], [0.9, 0.1]]), labels)
    found = doubt.label_doubt(model, {"a": reader}, labels)
    assert found[0] > 0 > found[1]


def test_piles():
    errors = np.array([True, True, True, False, False])
    suspects = np.array([True, True, False, True, False])
    contradiction = np.array([0.9, 0.9, 0.1, 0.2, 0.9])
    preference = np.array([-0.5, 0.9, 0.9, 0.0, 0.0])
    with_shortcut = doubt.piles(errors, suspects, contradiction, preference, True)
    assert with_shortcut == [
        "shortcut fails",
        "label doubtful",
        "rare or hard",
        "shortcut fails",
        "",
    ]
    without = doubt.piles(errors, suspects, contradiction, preference, False)
    assert without == ["label doubtful", "label doubtful", "rare or hard", "", ""]


def test_a_refitted_view_that_contradicts_too_cuts_the_score_down():
    found = doubt.failing(np.array([0.8, 0.8, -0.5]), np.array([1.0, -1.0, 1.0]))
    assert found == pytest.approx([0.0, 0.8, -0.5])


def _signs(**changes: object) -> signs.Signs:
    fields: dict[str, object] = {
        "examples": 3000, "errors": 100, "accuracy": 0.97, "simple_reads": 0.95, "best_reads": 1.0,
        "flagged": 100, "repeats_low": 0.6, "errs_flagged": 0.9, "errs_else": 0.005,
        "recovery_z": 4.0, "cost": 0.03, "own_tells": 0.9,
    }  # fmt: skip
    return signs.Signs(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "shortcut"),
        ({"seen": True}, "inconclusive"),
        ({"best_reads": 1.1}, "inconclusive"),
        ({"cost": -0.01}, "inconclusive"),
        ({"repeats_low": 0.2}, "at risk"),
        ({"own_tells": 0.55}, "at risk"),
        ({"flagged": 9}, "at risk"),
        ({"repeats_low": 0.2, "simple_reads": 0.6}, "none found"),
        ({"errs_else": 0.1, "simple_reads": 0.6}, "none found"),
        (dict.fromkeys(("repeats_low", "errs_flagged", "errs_else", "recovery_z")), "at risk"),
        ({"recovery_z": None, "cost": None, "own_tells": None, "simple_reads": None}, "shortcut"),
        ({"errs_else": 0.07}, "at risk"),
    ],
)
def test_the_first_verdict_also_where_signs_are_missing(changes, verdict):
    assert signs.first_verdict(_signs(**changes)) == verdict


def test_power_grows_with_examples_and_falls_with_other_errors():
    assert signs.power(400, 0.005, 0.05) < signs.power(3000, 0.005, 0.05)
    assert signs.power(3000, 0.05, 0.05) < signs.power(3000, 0.005, 0.05)
    # Ten of ten examples would have to be errors, each with probability 0.2.
    assert signs.power(100, 0.0, 0.1) == pytest.approx(0.2**10)


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
