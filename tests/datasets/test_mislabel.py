import numpy as np
import pytest

from earlysieve.datasets.mislabel import wrong_labels
from earlysieve.errors import InputError

LABELS = np.arange(200) % 5


def test_exactly_the_share_is_wrong_and_the_rest_as_before():
    found = wrong_labels(LABELS, 5, 0.1, seed=1)
    assert int((found != LABELS).sum()) == 20
    assert found.min() >= 0
    assert found.max() <= 4
    assert np.array_equal(found, wrong_labels(LABELS, 5, 0.1, seed=1))
    assert not np.array_equal(found, wrong_labels(LABELS, 5, 0.1, seed=2))
    assert np.array_equal(wrong_labels(LABELS, 5, 0.0), LABELS)


def test_wrong_labels_are_uniform_over_the_other_classes():
    found = wrong_labels(np.zeros(9000, int), 4, 1.0, seed=3)
    assert np.allclose(np.bincount(found, minlength=4) / 9000, [0, 1 / 3, 1 / 3, 1 / 3], atol=0.02)


def test_only_allowed_examples_become_wrong():
    among = np.arange(200) < 30
    found = wrong_labels(LABELS, 5, 0.1, among=among)
    assert int((found != LABELS)[:30].sum()) == 20
    with pytest.raises(InputError, match=r"from 0 to 0\.15"):
        wrong_labels(LABELS, 5, 0.2, among=among)
