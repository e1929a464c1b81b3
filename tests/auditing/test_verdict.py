import math
from dataclasses import replace

import pandas as pd
import pytest

from earlysieve.auditing.evidence import (
    Evidence,
    chance,
    choose_layer,
    readability,
    weigh,
)
from earlysieve.auditing.verdict import decide, judge
from earlysieve.groups.group_report import group_report

SHORTCUT = Evidence(
    readability=0.9,
    errors=100,
    flagged=60,
    same_mistake=0.9,
    same_mistake_low=0.8,
    same_mistake_high=0.95,
    accuracy=0.9,
    accuracy_flagged=0.1,
    accuracy_unflagged=0.97,
    predicted_classes=2,
)


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({}, "shortcut", "The model repeats most of the mistakes of a readout that sees simple"),
        ({"predicted_classes": 1}, "inconclusive", "The model gives the same class for every"),
        ({"readability": math.nan}, "inconclusive", "The model does no better than always giving"),
        ({"errors": 0, "flagged": 0}, "inconclusive", "The readout is never wrong, so there is"),
        ({"readability": 0.49}, "none found", "No early layer can read off much of the label"),
        ({"readability": 0.5}, "shortcut", "The model repeats most"),
        ({"flagged": 9}, "none found", "Hardly any example is misread with confidence."),
        ({"flagged": 10}, "shortcut", "The model repeats most"),
        ({"flagged": 9, "readability": 0.95}, "inconclusive", "Fewer than 10 examples are misread"),
        ({"flagged": 9, "readability": 2.3}, "inconclusive", "The model does worse than a simple"),
        ({"flagged": 9, "accuracy": 0.99}, "inconclusive", "The model is right on nearly every"),
        (
            {"same_mistake_low": 0.5, "accuracy": 0.99},
            "inconclusive",
            "The model is right on nearly every example, as on data that it has memorised",
        ),
        (
            {"same_mistake_low": 0.1, "same_mistake_high": 0.49},
            "none found",
            "The model corrects most of the mistakes of a readout",
        ),
        (
            {"same_mistake_low": 0.4, "same_mistake_high": 0.6},
            "inconclusive",
            "Whether the model repeats most of these mistakes cannot be told from so few",
        ),
        (
            {"same_mistake_low": 0.4, "same_mistake_high": 0.5},
            "inconclusive",
            "Whether the model repeats most of these mistakes cannot be told from so few",
        ),
        # A shortcut that shows although nearly everything is right.
        ({"accuracy": 0.995}, "shortcut", "The model repeats most"),
    ],
)
def test_every_branch(changes, verdict, reason):
    found, told = decide(replace(SHORTCUT, **changes))
    assert found == verdict
    assert told.startswith(reason)


def test_a_summary_of_a_shortcut():
    groups = group_report(
        pd.Series([True, False]).to_numpy(), pd.Series([0, 1]).to_numpy(), ["usual", "rare"]
    )
    summary = judge(SHORTCUT, "layer1", 600, 2, groups)
    assert summary.headline == (
        "This model takes a shortcut: it leans on a simple feature that can mislead."
    )
    assert summary.explanation == (
        "Layer 'layer1', early in the network, already gives 90% of what the model achieves above "
        "chance. It misreads 100 examples, 60 of them with confidence. On these the model is right "
        "10% of the time, against 97% elsewhere, and gives the readout's wrong answer 90% of the "
        "time. The model repeats most of the mistakes of a readout that sees simple features only."
    )
    assert summary.share_flagged == 0.1
    assert (summary.worst_group, summary.worst_group_accuracy) == ("rare", 0.0)
    assert summary.warnings == []
    assert "pseudo_groups" in " ".join(summary.next_steps)


def test_a_model_that_its_readout_outdoes_is_to_be_checked_first():
    evidence = replace(SHORTCUT, flagged=9, readability=2.3)
    summary = judge(evidence, "layer1", 600, 5, None)
    assert "already gives more than what the model achieves above chance" in summary.explanation
    assert summary.next_steps[0].startswith("Check the model before its shortcuts: ")
    assert "--mean and --std" in summary.next_steps[0]


def test_a_collapsed_model_is_said_loudly():
    evidence = replace(SHORTCUT, predicted_classes=1, readability=math.nan)
    summary = judge(evidence, "layer1", 600, 5, None)
    assert summary.verdict == "inconclusive"
    assert summary.warnings == [
        "The model predicts a single class of 5 for every example: it has collapsed, or its "
        "weights or preprocessing do not belong together."
    ]
    assert summary.explanation.startswith("Layer 'layer1', early in the network, misreads 100 ")
    assert (summary.worst_group, summary.worst_group_accuracy) == (None, None)


def test_nothing_to_find():
    evidence = replace(SHORTCUT, errors=0, flagged=0, same_mistake=math.nan)
    summary = judge(evidence, "layer1", 600, 2, None)
    assert summary.warnings == [
        "No readout error was found: use out-of-fold scores, an earlier layer or head='linear'."
    ]
    assert "nan" not in summary.explanation


def test_next_steps_belong_to_each_summary():
    judge(SHORTCUT, "a", 600, 2, None).next_steps.clear()
    assert judge(SHORTCUT, "a", 600, 2, None).next_steps != []


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


def test_a_model_that_its_own_early_readout_outdoes_is_not_judged() -> None:
    found = Evidence(
        readability=2.0,
        errors=80,
        flagged=50,
        same_mistake=0.1,
        same_mistake_low=0.04,
        same_mistake_high=0.21,
        accuracy=0.43,
        accuracy_flagged=0.1,
        accuracy_unflagged=0.5,
        predicted_classes=10,
    )
    verdict, reason = decide(found)
    assert verdict == "inconclusive"
    assert "worse than a simple readout of its own early layer" in reason
