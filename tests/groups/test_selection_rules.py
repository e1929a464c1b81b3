"""Selection rules: by hand, against an explicit loop, and what must not change them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.errors import InputError
from earlysieve.groups.accuracy import bounds_of_mean, wilson_interval
from earlysieve.groups.rule_names import RULE_NAMES
from earlysieve.groups.selection_rules import RULES, Answers, rule_named

# Eight examples, two classes; probabilities of class 0 are 0.8 or 0.2.
SURE = math.log(4)
SAID = np.array([0, 0, 0, 1, 1, 1, 0, 0])
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
LOGITS = np.stack([SURE * (SAID == 0), SURE * (SAID == 1)], 1)
PSEUDO = np.array([0, 0, 0, 1, 2, 2, 3, -1])
READER = np.array([0, 0, 1, 1, 1, 1, 1, 0])
GROUPS = np.array([5, 5, 9, 9, 9, 9, 5, -1])
HAND = Answers(LOGITS, LABELS, GROUPS, PSEUDO, READER)

BY_HAND = {
    "accuracy": 5 / 8,
    "loss": (5 * math.log(0.8) + 3 * math.log(0.2)) / 8,
    "worst_class_accuracy": 0.5,
    "class_difference": -0.25,
    "worst_pseudo_group_accuracy": 0.0,  # groups 1 and 3: one example, wrong
    "pseudo_group_accuracy": 0.5,
    # (0, 0): 2 of 2, (0, 1): 1 of 2, (1, 0): 0 of 1, (1, 1): 2 of 3.
    "unsupervised_balanced_accuracy": (1 + 0.5 + 0 + 2 / 3) / 4,
    "flip_rate": 3 * (0.8 - 0.5) * 2 / 8,
    "worst_group_accuracy": 2 / 3,
}


@pytest.mark.parametrize("name", RULE_NAMES)
def test_by_hand(name):
    assert RULES[name].score(HAND) == pytest.approx(BY_HAND[name])


def test_a_bound_of_a_pseudo_group_by_hand():
    answers = replace(HAND, pseudo_groups=np.array([0, 0, 0, 0, 7, 7, 7, 7]))
    low, high = wilson_interval(2, 4)
    rule = RULES["worst_pseudo_group_accuracy"]
    assert rule.score(answers) == pytest.approx(low)
    assert rule.interval(answers) == pytest.approx((low, high))


def test_a_small_group_that_is_right_may_have_the_lowest_bound():
    logits = np.zeros((102, 2))
    logits[:, 0] = 1
    labels = np.array([0] * 91 + [1] * 9 + [0] * 2)
    answers = Answers(logits, labels, pseudo_groups=np.array([0] * 100 + [1] * 2))
    low, high = wilson_interval(2, 2)
    rule = RULES["worst_pseudo_group_accuracy"]
    assert rule.score(answers) == pytest.approx(low)
    assert rule.interval(answers) == pytest.approx((low, high))


def test_differences_of_three_classes_by_hand():
    labels = np.array([0, 0, 1, 1, 2, 2])
    said = np.array([0, 0, 1, 0, 0, 0])
    answers = Answers(np.eye(3)[said], labels)
    assert RULES["class_difference"].score(answers) == pytest.approx(-(0.5 + 1 + 0.5) / 3)


def test_intervals_are_of_proportions_only():
    assert RULES["accuracy"].interval(HAND) == pytest.approx(wilson_interval(5, 8))
    assert RULES["worst_class_accuracy"].interval(HAND) == pytest.approx(wilson_interval(2, 4))
    assert RULES["worst_group_accuracy"].interval(HAND) == pytest.approx(wilson_interval(2, 3))
    shares = RULES["pseudo_group_accuracy"].cells(HAND)
    assert RULES["pseudo_group_accuracy"].interval(HAND) == pytest.approx(
        bounds_of_mean(shares.means(HAND.right), shares.sizes)
    )
    for name in ("loss", "class_difference", "flip_rate"):
        assert RULES[name].interval(HAND) is None


def test_one_class():
    answers = Answers(np.zeros((3, 1)), np.zeros(3, np.int64))
    assert RULES["flip_rate"].score(answers) == 0
    assert RULES["class_difference"].score(answers) == 0


def test_every_rule_says_what_it_knows():
    assert list(RULES) == list(RULE_NAMES)
    assert all(rule.help and not rule.help.endswith(".") for rule in RULES.values())
    known = {rule.supervision for rule in RULES.values() if not rule.needs}
    assert known == {"labels"}
    assert RULES["worst_group_accuracy"].supervision == "groups"
    assert RULES["unsupervised_balanced_accuracy"].supervision == "inferred groups"


@pytest.mark.parametrize("unknown", [None, np.full(8, -1)])
@pytest.mark.parametrize(
    ("name", "field", "advice"),
    [
        ("worst_group_accuracy", "groups", "or add groups"),
        ("worst_pseudo_group_accuracy", "pseudo_groups", "--validation-groups-from"),
        ("pseudo_group_accuracy", "pseudo_groups", "validation_groups=result.pseudo_groups"),
    ],
)
def test_what_is_missing_is_named(name, field, advice, unknown):
    answers = replace(HAND, **{field: unknown})
    assert RULES[name].missing(answers) == (field,)
    with pytest.raises(InputError, match=f"^Expected .*select='{name}', but got none; .*{advice}"):
        RULES[name].score(answers)


def test_readings_are_asked_for():
    with pytest.raises(InputError, match="readout_prediction of result.examples"):
        RULES["unsupervised_balanced_accuracy"].score(replace(HAND, reader_predictions=None))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"logits": LOGITS[:, 0]}, "Expected finite logits of shape"),
        ({"logits": np.full((8, 2), np.nan)}, "Expected finite logits"),
        ({"labels": LABELS[:5]}, "Expected labels to be 8 integers"),
        ({"labels": LABELS + 1}, "Expected labels to be at least 0 and at most 1, but got 2"),
        ({"groups": GROUPS - 1}, "Expected groups to be at least -1, but got -2"),
        ({"pseudo_groups": PSEUDO.astype(float)}, "Expected pseudo_groups to be 8 integers"),
        ({"reader_predictions": READER - 1}, "Expected reader_predictions to be at least 0"),
    ],
)
def test_bad_answers(changed, message):
    with pytest.raises(InputError, match=message):
        replace(HAND, **changed)


def test_a_near_name_is_offered():
    with pytest.raises(InputError, match=r"but got 'worst_class'; did you mean 'worst_class_acc"):
        rule_named("worst_class")


def by_loop(name, a):
    """The rules once more, example by example."""
    count, classes = a.logits.shape
    rows = [[math.exp(v) for v in row] for row in a.logits.tolist()]
    shares = [[v / sum(row) for v in row] for row in rows]
    said = [max(range(classes), key=row.__getitem__) for row in a.logits.tolist()]
    labels = a.labels.tolist()

    def accuracies(cells):
        found = []
        for cell in sorted({c for c in cells if c not in (-1, None)}):
            inside = [i for i in range(count) if cells[i] == cell]
            found.append((sum(said[i] == labels[i] for i in inside), len(inside)))
        return found

    if name == "accuracy":
        return sum(s == y for s, y in zip(said, labels, strict=True)) / count
    if name == "loss":
        return sum(math.log(shares[i][labels[i]]) for i in range(count)) / count
    if name == "flip_rate":
        flips = [
            (max(shares[i]) - 1 / classes) * classes / (classes - 1)
            for i in range(count)
            if said[i] != labels[i]
        ]
        return sum(flips) / count
    cells = {
        "worst_class_accuracy": labels,
        "class_difference": labels,
        "worst_pseudo_group_accuracy": a.pseudo_groups.tolist(),
        "pseudo_group_accuracy": a.pseudo_groups.tolist(),
        "unsupervised_balanced_accuracy": list(
            zip(labels, a.reader_predictions.tolist(), strict=True)
        ),
        "worst_group_accuracy": a.groups.tolist(),
    }[name]
    found = accuracies(cells)
    each = [hits / size for hits, size in found]
    if name == "class_difference":
        pairs = [abs(x - y) for i, x in enumerate(each) for y in each[:i]]
        return -sum(pairs) / len(pairs) if pairs else 0.0
    if name == "worst_pseudo_group_accuracy":
        return min(wilson_interval(hits, size)[0] for hits, size in found)
    return min(each) if name.startswith("worst") else sum(each) / len(each)


@st.composite
def answers(draw):
    count, classes = draw(st.integers(1, 30)), draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))

    def groups():
        found = rng.integers(-1, 5, count)
        found[0] = max(found[0], 0)
        return found

    labels, readings = rng.integers(0, classes, (2, count))
    logits = rng.normal(0, 2, (count, classes))
    return Answers(logits, labels, groups(), groups(), readings)


LOW = {"loss": -math.inf, "class_difference": -1.0}
HIGH = {"loss": 0.0, "class_difference": 0.0}


@pytest.mark.parametrize("name", RULE_NAMES)
@given(given_answers=answers(), seed=st.integers(0, 100))
def test_properties(name, given_answers, seed):
    rule, a = RULES[name], given_answers
    score = rule.score(a)
    assert score == pytest.approx(by_loop(name, a), abs=1e-9)
    assert LOW.get(name, 0.0) <= score <= HIGH.get(name, 1.0)
    order = np.random.default_rng(seed).permutation(len(a.labels))
    fields = {k: None if v is None else v[order] for k, v in vars(a).items()}
    assert rule.score(Answers(**fields)) == pytest.approx(score, abs=1e-12)
    renamed = np.array([-1, *np.random.default_rng(seed).permutation(9)[:5]])
    other = replace(a, groups=renamed[a.groups + 1], pseudo_groups=renamed[a.pseudo_groups + 1])
    assert rule.score(other) == pytest.approx(score, abs=1e-12)
    interval = rule.interval(a)
    assert interval is None or 0 <= interval[0] <= interval[1] <= 1
