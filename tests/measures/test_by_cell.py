import numpy as np
import pandas as pd
import pytest

from earlysieve.errors import InputError
from earlysieve.measures.by_cell import (
    WeighedCells,
    reweighted,
    shares_for,
    shares_of,
    tpr_gaps,
)

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
SAID = np.array([0, 0, 1, 0, 1, 1, 0, 0])
GROUPS = np.array([0, 0, 1, 1, 0, 1, 1, -1])


def test_gaps_by_hand():
    first, second = tpr_gaps(SAID, LABELS, GROUPS)
    assert (first.label, first.rates, first.gap) == (0, {0: 1.0, 1: 0.5}, 0.5)
    assert (second.label, second.rates, second.gap) == (1, {0: 1.0, 1: 0.5}, 0.5)
    assert (second.lowest, second.highest) == (1, 0)


def test_groups_of_label_and_attribute_say_the_same():
    apart = tpr_gaps(SAID, LABELS, GROUPS)
    made = tpr_gaps(SAID, LABELS, np.where(GROUPS < 0, -1, 2 * LABELS + GROUPS))
    assert [one.gap for one in made] == [one.gap for one in apart]


def test_gaps_are_those_of_fairlearn():
    metrics = pytest.importorskip("fairlearn.metrics")
    rng = np.random.default_rng(0)
    labels, said, groups = (rng.integers(0, 3, 400) for _ in range(3))
    for found in tpr_gaps(said, labels, groups):
        frame = metrics.MetricFrame(
            metrics=metrics.true_positive_rate,
            y_true=labels == found.label,
            y_pred=said == found.label,
            sensitive_features=pd.Series(groups),
        )
        assert found.gap == pytest.approx(frame.difference(method="between_groups"))
        assert found.rates == pytest.approx(frame.by_group.to_dict())


def test_reweighting_by_hand():
    shares = shares_of(np.array([0, 0, 0, 2, -1]))
    assert shares == {0: 0.75, 2: 0.25}
    cells = WeighedCells.of(SAID == LABELS, np.array([0, 0, 0, 0, 2, 2, 3, 2]))
    found = cells.accuracies(np.ones(8))
    assert found == pytest.approx([0.75, 2 / 3, 0.0])
    weights = shares_for(cells.numbers, shares)
    assert reweighted(found, weights) == pytest.approx(0.75 * 0.75 + 0.25 * 2 / 3)
    drawn = cells.accuracies(np.array([0, 0, 0, 0, 1, 0, 2, 1.0]))
    assert np.isnan(drawn[0])
    assert reweighted(drawn, weights) == 0.5  # what is not drawn leaves its share to the others
    assert np.isnan(reweighted(np.array([np.nan, 1.0]), np.array([1.0, 0.0])))


@pytest.mark.parametrize("shares", [{0: -0.1}, {}, {5: 1.0}, {0: float("nan")}])
def test_unusable_shares(shares):
    with pytest.raises(InputError, match="give the groups' shares of the training data"):
        shares_for(np.array([0, 1]), shares)
