"""Words that tell a class by how often they are said."""

import numpy as np
import torch

from earlysieve.auditing.swaps.repeats import repeats, with_counts
from earlysieve.auditing.swaps.spans import told


def texts(say, count=200, seed=0):
    """Words of no class, and 7 as often as `say` says of each label; 1 and 2 are ends."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    tokens = torch.zeros(count, 16, dtype=torch.int64)
    for row, label in enumerate(labels):
        words = [*rng.integers(20, 60, 4), *[7] * say(label, rng)]
        found = [1, *rng.permutation(words).tolist(), 2]
        tokens[row, : len(found)] = torch.tensor(found)
    return told(tokens, tokens > 0, labels, np.ones(count)), labels


def test_a_word_of_every_text_that_one_class_says_often():
    given, labels = texts(lambda label, rng: int(rng.integers(3, 6)) if label else 1)
    (found,) = repeats(given, 2)
    assert (found.token, found.times, found.kind) == (7, 2, 1)
    assert np.array_equal(found.holds, labels == 1)


def test_the_number_that_tells_most():
    given, labels = texts(lambda label, rng: 4 if label else int(rng.integers(1, 4)))
    (found,) = repeats(given, 2)
    assert found.times == 4
    assert np.array_equal(found.holds, labels == 1)


def test_a_word_that_tells_by_being_there_is_none():
    given, _ = texts(lambda label, rng: 3 * int(label))
    assert repeats(given, 2) == []


def test_what_is_said_by_chance_is_none():
    given, _ = texts(lambda label, rng: int(rng.integers(0, 4)))
    assert repeats(given, 2) == []


def test_a_text_says_a_word_as_often_as_another_one():
    text = torch.tensor([1, 7, 20, 7, 21, 2, 0, 0])
    fewer, there = with_counts(text, text > 0, torch.tensor([1, 30, 7, 2]), [7])
    assert fewer[there].tolist() == [1, 7, 20, 21, 2]
    more, there = with_counts(text, text > 0, torch.tensor([1, 7, 7, 7, 7, 2]), [7])
    assert more[there].tolist() == [1, 7, 20, 7, 7, 7, 21, 2]
    assert int(there.sum()) == 8
    same, there = with_counts(text, text > 0, torch.tensor([1, 2]), [])
    assert same.tolist() == text.tolist()
