import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from earlysieve.auditing.scores import auroc, flag, minority, shortcut_scores
from earlysieve.errors import InputError


def ints(*values):
    return np.array(values, dtype=np.int64)


def test_scores_by_hand():
    scores = shortcut_scores(ints(0, 1, 2, 1), ints(0, 0, 2, 0), np.array([0.9, 0.3, 0.0, 1.0]))
    assert scores.tolist() == [-0.9, 0.3, 0.0, 1.0]


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.floats(0, 1, width=32)),
        min_size=1,
        max_size=30,
    ),
    st.permutations(range(6)),
)
def test_range_sign_and_invariance_to_class_order(rows, order):
    prediction, labels, margin = (np.array(column) for column in zip(*rows, strict=True))
    scores = shortcut_scores(prediction, labels, margin)
    assert ((scores >= -1) & (scores <= 1)).all()
    assert np.array_equal(np.abs(scores), margin)
    assert (scores[prediction != labels] >= 0).all()
    assert (scores[prediction == labels] <= 0).all()
    renamed = np.array(order)
    assert np.array_equal(shortcut_scores(renamed[prediction], renamed[labels], margin), scores)


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=30),
    st.floats(0.01, 1),
    st.floats(0.01, 1),
)
def test_a_higher_threshold_never_flags_more(scores, a, b):
    scores = np.array(scores)
    low, high = flag(scores, min(a, b)), flag(scores, max(a, b))
    assert not (high & ~low).any()
    assert not low[scores <= 0].any()
    assert low.dtype == bool


def test_the_threshold_itself_is_flagged():
    assert flag(np.array([0.5, 0.49, -0.5], dtype=np.float32)).tolist() == [True, False, False]


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01, float("nan")])
def test_thresholds_out_of_range(threshold):
    with pytest.raises(InputError) as caught:
        flag(np.zeros(2), threshold)
    assert str(caught.value) == (
        f"Expected flag_margin to lie above 0 and up to 1, but got {threshold}; 0.5 is usual"
    )


@pytest.mark.parametrize(
    ("labels", "groups", "expected"),
    [
        ((0, 0, 0, 1, 1, 1), (0, 0, 1, 1, 1, 0), (0, 0, 1, 0, 0, 1)),
        # Groups that differ by class, three of them, and unknown ones.
        ((0, 0, 0, 0, 1, 1), (5, 5, 6, 7, 8, 8), (0, 0, 1, 1, 0, 0)),
        ((0, 0, 0, 0, 0, 0), (-1, -1, -1, 2, 2, 3), (0, 0, 0, 0, 0, 1)),
        # Of three groups two are equally large.
        ((0, 0, 0, 0, 0), (4, 3, 3, 4, 5), (0, 0, 0, 0, 1)),
    ],
)
def test_minority_by_hand(labels, groups, expected):
    assert minority(ints(*labels), ints(*groups)).tolist() == [bool(e) for e in expected]


@pytest.mark.parametrize(
    ("labels", "groups"),
    [((0, 0, 1), (3, 3, 4)), ((0, 1), (-1, -1)), ((0, 0), (-1, 2)), ((0, 0), (4, 3))],
)
def test_no_minority(labels, groups):
    assert minority(ints(*labels), ints(*groups)) is None


def test_on_balanced_data_given_shares_tell_the_minority():
    labels, groups = ints(0, 0, 1, 1), ints(0, 1, 2, 3)
    assert minority(labels, groups) is None
    shares = {0: 0.7, 1: 0.04, 2: 0.01, 3: 0.25}
    assert minority(labels, groups, shares).tolist() == [False, True, True, False]


def test_auroc_by_hand():
    scores = np.array([0.1, 0.4, 0.4, 0.9])
    # Pairs (positive, negative): (.4, .1) 1, (.4, .4) 1/2, (.9, .1) 1, (.9, .4) 1.
    assert auroc(scores, np.array([False, True, False, True])) == 3.5 / 4
    assert auroc(np.zeros(4), np.array([True, False, False, True])) == 0.5
    assert np.isnan(auroc(scores, np.zeros(4, dtype=bool)))
    assert np.isnan(auroc(scores, np.ones(4, dtype=bool)))


@given(
    arrays.arrays(np.float64, 20, elements=st.sampled_from([-1, -0.5, 0, 0.25, 0.5, 1])),
    arrays.arrays(bool, 20),
)
def test_auroc_is_that_of_scikit_learn(scores, positive):
    metrics = pytest.importorskip("sklearn.metrics")
    if positive.all() or not positive.any():
        return
    ours = auroc(scores, positive)
    assert ours == pytest.approx(metrics.roc_auc_score(positive, scores), abs=1e-12)
    assert auroc(-scores, positive) == pytest.approx(1 - ours, abs=1e-12)
    assert auroc(scores, ~positive) == pytest.approx(1 - ours, abs=1e-12)
