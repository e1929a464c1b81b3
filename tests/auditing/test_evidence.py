"""The numbers of one layer's readout, by hand."""

import math

import pandas as pd
import pytest

from earlysieve.auditing.evidence import chance, choose_layer, readability, weigh


def table(rows):
    frame = pd.DataFrame(rows, columns=["label", "prediction", "readout_prediction", "flagged"])
    return frame.astype({"flagged": bool})


def test_evidence_by_hand():
    rows = [(0, 0, 0, 0)] * 5 + [(1, 1, 1, 0)] * 2 + [(1, 0, 0, 1)] * 2 + [(2, 1, 0, 1)]
    evidence = weigh(table(rows), 0.7)
    assert evidence.errors == 3
    assert evidence.flagged == 3
    assert evidence.same_mistake == pytest.approx(2 / 3)
    assert 0.2 < evidence.same_mistake_low < 2 / 3 < evidence.same_mistake_high < 0.95
    assert evidence.accuracy == pytest.approx(0.7)
    assert evidence.accuracy_flagged == 0.0
    assert evidence.accuracy_unflagged == 1.0
    assert evidence.predicted_classes == 2
    assert evidence.readability == pytest.approx(1.0)


def test_evidence_without_a_flag_and_with_flags_alone():
    none = weigh(table([(0, 0, 0, 0), (1, 1, 1, 0)]), 1.0)
    assert math.isnan(none.same_mistake)
    assert (none.same_mistake_low, none.same_mistake_high) == (0.0, 1.0)
    assert math.isnan(none.accuracy_flagged)
    every = weigh(table([(0, 1, 1, 1), (1, 0, 0, 1)]), 0.0)
    assert math.isnan(every.accuracy_unflagged)
    assert every.same_mistake == 1.0


def test_chance_and_readability():
    assert chance(pd.Series([0, 0, 0, 2]).to_numpy()) == 0.75
    assert readability(0.6, 0.9, 0.5) == pytest.approx(0.25)
    assert readability(0.3, 0.9, 0.5) == pytest.approx(-0.5)
    assert math.isnan(readability(0.6, 0.5, 0.5))
    assert math.isnan(readability(0.6, 0.4, 0.5))


@pytest.mark.parametrize(
    ("accuracies", "chosen"),
    [
        ([0.9], 0),
        ([0.5, 0.9], 0),
        ([0.51, 0.71, 0.9], 1),
        ([0.8, 0.71, 0.9], 0),
        ([0.51, 0.52, 0.9, 0.95], 1),  # none of the earlier half is readable
        ([0.52, 0.51, 0.9, 0.95], 0),
        ([0.5, 0.5, 0.7, 0.9, 0.9], 2),
    ],
)
def test_the_first_readable_layer_of_the_earlier_half(accuracies, chosen):
    assert choose_layer(pd.Series(accuracies), 0.9, 0.5) == chosen


def test_a_model_at_chance_still_gets_a_layer():
    assert choose_layer(pd.Series([0.5, 0.6, 0.7, 0.8]), 0.5, 0.5) == 1
