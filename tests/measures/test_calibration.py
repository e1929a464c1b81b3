import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlysieve.errors import InputError
from earlysieve.measures.calibration import (
    brier_scores,
    calibration_error,
    negative_log_likelihoods,
    weighed_error,
)

CONFIDENCE = np.array([0.5, 0.55, 0.75, 0.95])
RIGHT = np.array([False, True, True, False])
LOGITS = np.random.default_rng(0).normal(size=(300, 4)) * 2
LABELS = np.random.default_rng(1).integers(0, 4, 300)
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)


def test_bins_by_hand():
    # (0, 0.5]: 0.5 alone; (0.5, 1]: the others, whose accuracy is 2/3 and confidence 0.75.
    assert calibration_error(CONFIDENCE, RIGHT, bins=2) == pytest.approx(
        (0.5 + 3 * abs(2 / 3 - 0.75)) / 4
    )
    # Two of two: accuracies 0.5 and 0.5, confidences 0.525 and 0.85.
    assert calibration_error(CONFIDENCE, RIGHT, bins=2, equal_mass=True) == pytest.approx(
        (0.025 + 0.35) / 2
    )


def test_equal_confidences_share_a_bin():
    right = np.array([True, False, True, True])
    found = calibration_error(np.full(4, 0.7), right, bins=4, equal_mass=True)
    assert found == pytest.approx(0.05)


def test_equal_widths_are_those_of_torchmetrics():
    functional = pytest.importorskip("torchmetrics.functional.classification")
    import torch

    expected = functional.multiclass_calibration_error(
        torch.tensor(PROBABILITIES), torch.tensor(LABELS), 4, n_bins=15, norm="l1"
    )
    right = PROBABILITIES.argmax(1) == LABELS
    assert calibration_error(PROBABILITIES.max(1), right) == pytest.approx(float(expected))


def test_equal_masses_by_a_loop():
    sure, right = PROBABILITIES.max(1), PROBABILITIES.argmax(1) == LABELS
    parts = np.array_split(np.argsort(sure), 15)
    expected = sum(len(p) / 300 * abs(right[p].mean() - sure[p].mean()) for p in parts)
    assert calibration_error(sure, right, equal_mass=True) == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 3)), min_size=1, max_size=30),
    st.booleans(),
    st.integers(1, 6),
)
def test_weights_are_repetitions(rows, equal_mass, bins):
    sure, right, times = (np.array(column) for column in zip(*rows, strict=True))
    times[0] += 1
    how = {"bins": bins, "equal_mass": equal_mass}
    found = weighed_error(sure, right, **how)(times.astype(float))
    repeated = calibration_error(np.repeat(sure, times), np.repeat(right, times), **how)
    assert found == pytest.approx(repeated, abs=1e-12)


def test_scores_by_hand():
    probabilities = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])
    labels = np.array([0, 2])
    assert brier_scores(probabilities, labels).tolist() == [0.375, 2.0]
    assert negative_log_likelihoods(np.log([[0.25, 0.75]]), np.array([0])) == pytest.approx(
        np.log(4)
    )


def test_scores_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    brier = metrics.brier_score_loss(LABELS, PROBABILITIES, labels=range(4), scale_by_half=False)
    assert brier_scores(PROBABILITIES, LABELS).mean() == pytest.approx(brier)
    found = negative_log_likelihoods(np.log(PROBABILITIES), LABELS).mean()
    assert found == pytest.approx(metrics.log_loss(LABELS, PROBABILITIES))


def test_bad_input():
    with pytest.raises(InputError, match="at least one bin"):
        calibration_error(CONFIDENCE, RIGHT, bins=0)
    with pytest.raises(InputError, match=r"shapes \(4,\) and \(3,\)"):
        calibration_error(CONFIDENCE, RIGHT[:3])
    for wrong in (1.5, float("nan")):
        with pytest.raises(InputError, match="Expected confidences from 0 to 1"):
            calibration_error(np.array([wrong]), np.array([True]))
