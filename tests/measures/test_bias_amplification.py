import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlysieve.measures.bias_amplification import attribute_in, bias_amplification

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
ATTRIBUTE = np.array([0, 0, 0, 1, 1, 1, 1, 0])


def test_a_model_that_says_the_attribute():
    found = bias_amplification(ATTRIBUTE, LABELS, ATTRIBUTE, 2)
    # Accuracy 3/4; P(A=0, label 0) = 3/8 is flipped to 0.75 * 3/8 + 0.25 * 1/8 = 5/16.
    assert (found.model, found.data) == (1.0, pytest.approx(5 / 8))
    assert found.amplification == pytest.approx(3 / 8)


def test_correct_answers_amplify_nothing():
    found = bias_amplification(LABELS, LABELS, ATTRIBUTE, 2)
    assert (found.model, found.data, found.amplification) == (0.75, 0.75, 0.0)


def test_leakage_is_the_accuracy_of_an_attacker():
    tree = pytest.importorskip("sklearn.tree").DecisionTreeClassifier
    rng = np.random.default_rng(0)
    labels, attribute = rng.integers(0, 4, 500), rng.integers(0, 3, 500)
    said = np.where(rng.random(500) < 0.6, labels, attribute)
    found = bias_amplification(said, labels, attribute, 4)
    answers = np.eye(4)[said]
    assert found.model == pytest.approx(tree().fit(answers, attribute).score(answers, attribute))


def test_flips_by_drawing_them():
    rng = np.random.default_rng(0)
    labels, attribute = rng.integers(0, 3, 60), rng.integers(0, 2, 60)
    said = np.where(np.arange(60) < 15, (labels + 1) % 3, labels)
    joint = np.zeros((3, 2))
    for label, value in zip(labels, attribute, strict=True):
        for other in range(3):
            joint[other, value] += 0.75 / 60 if other == label else 0.25 / 2 / 60
    found = bias_amplification(said, labels, attribute, 3)
    assert found.data == pytest.approx(joint.max(axis=1).sum())


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.integers(0, 2)] * 2, st.integers(-1, 2), st.integers(0, 3)),
        min_size=1,
        max_size=30,
    )
)
def test_weights_are_repetitions_and_the_unknown_are_left_out(rows):
    said, labels, attribute, times = (np.array(column) for column in zip(*rows, strict=True))
    attribute[0], times[0] = 0, 1
    found = bias_amplification(said, labels, attribute, 3, times.astype(float))
    keep = np.repeat(np.arange(len(rows)), times * (attribute >= 0))
    again = bias_amplification(said[keep], labels[keep], attribute[keep], 3)
    assert found.model == pytest.approx(again.model)
    assert found.data == pytest.approx(again.data)


def test_attributes_in_groups():
    groups = np.array([0, 1, 2, 3, -1])
    labels = np.array([0, 0, 1, 1, 0])
    assert attribute_in(groups, labels, 2).tolist() == [0, 1, 0, 1, -1]
    assert attribute_in(groups, 1 - labels, 2) is None
    assert attribute_in(np.array([0, 1, 0]), np.array([0, 1, 1]), 2) is None
    assert np.isnan(bias_amplification(labels, labels, np.full(5, -1), 2).amplification)
