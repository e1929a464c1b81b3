"""The figures of a model on the test data."""

import pytest
import torch

from earlysieve.benchmarking.lines import FIGURES
from earlysieve.benchmarking.on_test import figures_of
from earlysieve.training.evaluate import evaluate_logits

LABELS = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
SAID = torch.tensor([0, 0, 0, 1, 1, 1, 0, 0])
PLACE = torch.tensor([0, 0, 0, 1, 1, 1, 1, 0])
FOUND = evaluate_logits(2.0 * torch.nn.functional.one_hot(SAID).float(), LABELS, 2 * LABELS + PLACE)


def test_figures_by_hand():
    figures, groups = figures_of(FOUND, ["a", "b"], shares={0: 0.5, 3: 0.5})
    expected = {
        "average": 5 / 8,
        "reweighted_average": (1 + 2 / 3) / 2,
        "group_mean": (1 + 0 + 0 + 2 / 3) / 4,
        "worst_group": 0.0,
        "worst_class": 0.5,
        "gap": 1.0,
        "largest_tpr_gap": 1.0,
        "mean_tpr_gap": (1 + 2 / 3) / 2,
    }
    assert figures | expected == pytest.approx(figures)
    assert set(figures) == set(FIGURES)
    assert [(one["name"], one["n"]) for one in groups][:3] == [("a", 3), ("b", 1), ("group 2", 1)]


def test_without_groups_and_shares():
    figures, groups = figures_of(evaluate_logits(FOUND.logits, LABELS))
    assert groups == []
    assert set(figures) == {
        "average", "worst_class", "calibration_error", "calibration_error_equal_mass", "brier",
        "nll",
    }  # fmt: skip
