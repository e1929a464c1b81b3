"""Words that come and go together are one telling thing."""

import numpy as np

from earlysieve.auditing.properties import telling_columns
from earlysieve.auditing.together import with_companions


def texts(count=2000, seed=0):
    """Columns 0 to 3 sign 95% of class 1, 4 is a word of class 0, 5 to 9 are of topics."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    signed = rng.random(count) < np.where(labels == 1, 0.95, 0.05)
    greeted = rng.random(count) < np.where(labels == 0, 0.9, 0.1)
    topics = rng.random((count, 5)) < np.where(labels == 1, 0.5, 0.3)[:, None]
    holds = np.concatenate([np.tile(signed[:, None], 4), greeted[:, None], topics], 1)
    return holds.astype(float), labels


def test_the_rest_of_a_signature_is_no_second_thing():
    holds, labels = texts()
    telling = telling_columns(holds[:, [0, *range(4, 10)]], labels, 2)
    assert 0 in telling
    found = with_companions(holds, labels, 2, np.array([0, 4]))
    assert found.tolist() == [0, 1, 2, 3, 4]


def test_what_tells_the_same_class_by_itself_is_no_companion():
    holds, labels = texts()
    both = np.stack([holds[:, 0], labels.astype(float)], 1)
    # The second is the class itself: within a class it never varies.
    assert with_companions(both, labels, 2, np.array([0])).tolist() == [0]


def test_of_nothing_there_are_no_companions():
    holds, labels = texts()
    assert len(with_companions(holds, labels, 2, np.zeros(0, int))) == 0


def test_another_way_to_write_it_is_no_second_thing():
    rng = np.random.default_rng(0)
    labels = np.arange(2000) % 2
    point = rng.random(2000) < np.where(labels == 1, 0.9, 0.1)
    holds = np.stack([point, ~point, rng.random(2000) < 0.5], 1).astype(float)
    assert with_companions(holds, labels, 2, np.array([0])).tolist() == [0]
    assert with_companions(holds, labels, 2, np.array([0]), or_others=True).tolist() == [0, 1]


def test_half_of_a_word_that_often_stands_alone_is_no_companion():
    rng = np.random.default_rng(0)
    labels = np.arange(4000) % 2
    first = rng.random(4000) < 0.3
    second = first & (rng.random(4000) < 0.2) | ~first & (rng.random(4000) < 0.2)
    holds = np.stack([first, second], 1).astype(float)
    assert with_companions(holds, labels, 2, np.array([0])).tolist() == [0]
