"""Words and phrases of one class: found where they tell it, and nowhere else."""

import numpy as np
import pytest
import torch

from earlysieve.auditing.class_signs import (
    Sign,
    more_often,
    pairs_held,
    phrase_signs,
    shape,
    word_signs,
)
from earlysieve.auditing.marks import denied, reads_like, reserved
from earlysieve.auditing.readers import opinion


def test_pairs_of_neighbours_are_told_apart_by_their_order():
    tokens = torch.tensor([[5, 6, 7, 0], [6, 5, 7, 0]])
    mask = tokens > 0
    found = pairs_held(tokens, mask)
    assert found.shape == (2, 512)
    assert found.sum(1).tolist() == [2, 2]  # no pair with the padding
    first, second = ([5 * 311 + 6, 6 * 311 + 7], [6 * 311 + 5, 5 * 311 + 7])
    assert found[0].nonzero()[:, 0].tolist() == sorted(code % 512 for code in first)
    assert found[1].nonzero()[:, 0].tolist() == sorted(code % 512 for code in second)


def test_how_much_more_often_a_class_holds_a_column():
    holds = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], bool)
    found = more_often(holds, np.array([0, 0, 1, 1]), 2)
    assert found.tolist() == [[1.0, 0.0], [-1.0, 0.0]]


def texts(classes, share, column=3, count=1200, seed=0):
    """Ten columns that tell nothing, of which one is held by these shares of the classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    holds = rng.random((count, 10)) < 0.2
    holds[:, column] = rng.random(count) < np.array(share)[labels]
    return holds.astype(float), labels


def test_a_word_of_one_class_among_several():
    values, labels = texts(4, [0.95, 0.05, 0.05, 0.05])
    (found,) = word_signs(values, labels, 4)
    assert found == Sign(3, 0)
    assert np.array_equal(found.held_by(values), values[:, 3] > 0)


def test_a_class_is_told_by_a_word_that_it_alone_lacks():
    values, labels = texts(3, [0.95, 0.05, 0.95])
    (found,) = word_signs(values, labels, 3)
    assert found == Sign(3, 1, absent=True)
    assert np.array_equal(shape(values, (found,))[:, 0], values[:, 3] == 0)


@pytest.mark.parametrize(
    ("classes", "share"),
    [
        (2, [0.95, 0.05]),  # a reader of telling words sees that
        (4, [0.6, 0.2, 0.2, 0.2]),  # tells too little
        (4, [0.9, 0.9, 0.1, 0.1]),  # of no class alone
    ],
)
def test_other_words_are_no_sign_of_one_class(classes, share):
    assert word_signs(*texts(classes, share), classes) == ()


def test_what_other_words_tell_as_well_is_the_topic():
    values, labels = texts(4, [0.95, 0.05, 0.05, 0.05])
    values[:, 7] = np.random.default_rng(1).random(len(labels)) < np.where(labels == 0, 0.8, 0.05)
    assert word_signs(values, labels, 4) == ()


def test_where_nearly_every_class_has_its_word_they_are_read_together():
    values, labels = texts(3, [0.95, 0.05, 0.05])
    values[:, 7] = np.random.default_rng(1).random(len(labels)) < np.where(labels == 1, 0.95, 0.05)
    assert word_signs(values, labels, 3) == ()


def test_a_phrase_tells_more_than_any_word():
    pairs, labels = texts(2, [0.05, 0.95])
    words = texts(2, [0.6, 0.9])[0]
    assert phrase_signs(pairs, words, labels, 2) == (Sign(3, 1),)
    assert phrase_signs(pairs, None, labels, 2) == (Sign(3, 1),)
    telling = texts(2, [0.1, 0.95])[0]
    assert phrase_signs(pairs, telling, labels, 2) == ()


def test_a_reader_says_nothing_of_classes_that_no_sign_speaks_for():
    # Without the word of class 0, either of the other two classes is probable.
    chances = np.array([[0.9, 0.05, 0.05], [0.04, 0.5, 0.46], [0.9, 0.05, 0.05], [0.04, 0.5, 0.46]])
    labels = np.array([0, 0, 1, 2])
    reader = opinion(chances, labels)
    found = reserved(reader, labels, np.array([0]))
    assert found.prediction.tolist() == [0, 0, 0, 2]
    assert (found.score >= 0.3).tolist() == [False, False, True, False]
    assert denied(found.score, found.prediction, labels).tolist() == [False, True, False, False]
    said = np.array([0, 0, 1, 2])
    # It says class 0 of half of its examples, and of half of the others: no more than chance.
    assert reads_like(reader, labels, said, np.array([0])) == pytest.approx(0.5)
