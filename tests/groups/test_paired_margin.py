"""The paired check: against a plain bootstrap, its error rate, and what it must not decide."""

import math
from dataclasses import replace

import numpy as np
import pytest

from earlysieve.groups.paired_margin import fewest, paired_margins
from earlysieve.groups.selection_rules import RULES, Answers, rule_named


def answers(right, labels, groups=None):
    """Answers of two classes that are right where `right` says."""
    said = np.where(right, labels, 1 - labels)
    return Answers(np.eye(2)[said] * 2, labels, pseudo_groups=groups)


def drawn(rng, shares, groups):
    return rng.random(len(groups)) < np.asarray(shares)[groups]


def test_the_same_as_a_plain_bootstrap():
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(0, 2, 300), rng.integers(-1, 3, 300)
    first = answers(drawn(rng, [0.9, 0.7, 0.5, 0.5], groups), labels, groups)
    second = answers(drawn(rng, [0.9, 0.7, 0.7, 0.5], groups), labels, groups)
    rule = RULES["worst_pseudo_group_accuracy"]
    found = paired_margins(rule, first, [second], draws=4000)
    plain = []
    for _ in range(4000):
        rows = rng.integers(0, 300, 300)
        one, two = (
            Answers(a.logits[rows], labels[rows], pseudo_groups=groups[rows])
            for a in (first, second)
        )
        plain.append(rule.score(two) - rule.score(one))
    ahead = rule.score(second) - rule.score(first)
    away = np.abs(np.array(plain) - ahead)
    assert found.ahead == pytest.approx([ahead])
    assert found.low[0] == pytest.approx(ahead - np.quantile(away, 0.95), abs=0.02)


def test_better_beyond_noise_or_not_by_hand():
    labels = np.arange(100) % 2
    rule = RULES["accuracy"]
    none = answers(np.zeros(100, bool), labels)

    def decided(count, of=1):
        other = answers(np.arange(100) < count, labels)
        return bool(paired_margins(rule, none, [other] * of).beyond_noise[0])

    assert fewest(1) == 6
    assert fewest(40) == 11
    assert not decided(0)
    assert not decided(5)
    assert decided(6)
    assert not decided(8, of=40)
    assert decided(15, of=40)


def test_a_few_examples_decide_nothing():
    labels = np.zeros(3, np.int64)
    found = paired_margins(
        RULES["accuracy"],
        answers(np.zeros(3, bool), labels),
        [answers(np.ones(3, bool), labels)],
    )
    assert found.ahead[0] == 1
    assert not found.beyond_noise[0]


def test_one_example_of_a_group_decides_nothing():
    labels = np.zeros(200, np.int64)
    groups = (np.arange(200) == 0).astype(np.int64)
    first = answers((groups == 0) & (np.arange(200) > 10), labels, groups)
    second = answers((groups == 1) | (np.arange(200) > 9), labels, groups)
    found = paired_margins(RULES["pseudo_group_accuracy"], first, [second])
    assert found.ahead[0] > 0.4
    assert not found.beyond_noise[0]


def test_a_loss_is_compared_too():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 400)
    logits = rng.normal(size=(400, 3))
    better = logits + 0.3 * np.eye(3)[labels]
    one = Answers(logits, labels)
    found = paired_margins(RULES["loss"], one, [Answers(better, labels), one])
    assert found.beyond_noise.tolist() == [True, False]
    assert found.ahead[1] == 0


def test_the_same_seed_says_the_same():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 100)
    one, two = (answers(rng.random(100) < 0.5, labels) for _ in range(2))
    before = np.random.get_state()[1].copy()
    first, second = (paired_margins(RULES["accuracy"], one, [two]) for _ in range(2))
    assert np.array_equal(first.low, second.low)
    assert np.array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize("name", ["accuracy", "worst_pseudo_group_accuracy", "class_difference"])
def test_models_that_are_as_good_seldom_win(name):
    """At most one time in twenty for any of four candidates, the bound being for them together."""
    rng = np.random.default_rng(3)
    wins = 0
    for _ in range(100):
        groups = np.repeat(np.arange(3), (150, 100, 50))
        labels = rng.integers(0, 2, 300)
        each = [answers(drawn(rng, [0.9, 0.7, 0.5], groups), labels, groups) for _ in range(5)]
        found = paired_margins(RULES[name], each[0], each[1:], draws=300)
        wins += bool(found.beyond_noise.any())
    assert wins <= 10  # 5% of 100, and what a binomial of it reaches in 1% of cases


def test_a_truly_better_model_wins():
    rng = np.random.default_rng(4)
    labels, groups = rng.integers(0, 2, 1000), np.repeat([0, 1], 500)
    one = answers(drawn(rng, [0.9, 0.4], groups), labels, groups)
    two = answers(drawn(rng, [0.88, 0.6], groups), labels, groups)
    rule = RULES["worst_pseudo_group_accuracy"]
    assert paired_margins(rule, one, [two, replace(one)]).beyond_noise.tolist() == [True, False]


def test_intervals_of_a_higher_level_are_wider():
    """Of 1,000 examples 30 differ, 21 for the candidate: 12 / 1000 within 2.2 deviations."""
    labels = np.zeros(1000, np.int64)
    before, after = (np.tile([1.0, 0.0], (1000, 1)) for _ in range(2))
    before[:21] = after[21:30] = (0.0, 1.0)
    one, other = Answers(before, labels), Answers(after, labels)
    usual = paired_margins(rule_named("accuracy"), one, [other])
    strict = paired_margins(rule_named("accuracy"), one, [other], level=0.99)
    assert usual.ahead == strict.ahead == pytest.approx(0.012)
    deviation = math.sqrt(0.03 - 0.012**2) / math.sqrt(1000)
    assert usual.low == pytest.approx(0.012 - 1.96 * deviation, abs=0.0008)
    assert strict.low == pytest.approx(0.012 - 2.58 * deviation, abs=0.0015)
    assert (bool(usual.beyond_noise[0]), bool(strict.beyond_noise[0])) == (True, False)
    assert (fewest(1), fewest(1, 0.99)) == (6, 8)
