import math
from dataclasses import replace

import numpy as np
import pytest

from earlysieve.auditing.known_data import NOTHING_KNOWN
from earlysieve.auditing.rule import Facts, decide
from earlysieve.auditing.transfer import MODEL, LayerTransfer, chances, transfers
from earlysieve.groups.accuracy import wilson_bounds


def row(layer, depth, reference, data, count=650):
    return LayerTransfer(
        layer,
        depth,
        reference,
        *wilson_bounds(reference, 1550),
        data,
        *wilson_bounds(data, count),
    )


# On BAR: readouts of EfficientNet-Lite0 on held-out photographs and on the test split.
BAR = [
    row("block 0", 1, 0.79, 0.21),
    row("block 4", 2, 0.88, 0.28),
    row("block 10", 3, 0.94, 0.37),
    row(MODEL, 4, 1.0, 0.55),
]


def found(rows=BAR, before=0.2, after=0.17, **others):
    return transfers(rows, reference_chance=before, data_chance=after, **others)


def test_numbers_by_hand():
    transfer = found()
    assert transfer.simple.layer == "block 0"
    assert transfer.stand_in.layer == "block 10"
    assert transfer.model.layer == MODEL
    # Block 4 keeps more than block 0.
    assert transfer.kept == pytest.approx((0.28 - 0.17) / (0.88 - 0.2))
    low, high = wilson_bounds(0.88, 1550)[0], wilson_bounds(0.28, 650)[1]
    assert transfer.kept_high == pytest.approx((high - 0.17) / (low - 0.2))
    assert transfer.model_kept == pytest.approx((0.55 - 0.17) / (0.94 - 0.2))
    # Wilson at 0.94 of 1,550: 0.9271 to 0.9507; at 0.55 of 650: 0.5116 to 0.5879.
    assert transfer.lost.value == pytest.approx(0.39)
    assert transfer.lost.low == pytest.approx(0.39 - math.hypot(0.0129, 0.0379), abs=2e-4)
    assert transfer.lost.high == pytest.approx(0.39 + math.hypot(0.0107, 0.0384), abs=2e-4)
    assert transfer.leans


def test_the_model_in_sample_is_no_measure():
    """The readout of the last layer stands in for it, however well it does on the reference."""
    worse = [*BAR[:2], row("block 10", 3, 0.6, 0.37), row(MODEL, 4, 1.0, 0.55)]
    assert found(worse).lost.value == pytest.approx(0.05)
    assert not found(worse).leans


@pytest.mark.parametrize(
    "rows",
    [
        # The same distribution.
        [row("a", 1, 0.79, 0.78), row("b", 2, 0.88, 0.87), row("c", 3, 0.94, 0.93),
         row(MODEL, 4, 0.94, 0.93)],
        # Harder data: all lose, early layers as much as the model in proportion.
        [row("a", 1, 0.7, 0.5), row("b", 2, 0.8, 0.57), row("c", 3, 0.94, 0.66),
         row(MODEL, 4, 0.95, 0.67)],
        # What is simple fails, and the model does without it.
        [row("a", 1, 0.79, 0.21), row("b", 2, 0.88, 0.6), row("c", 3, 0.94, 0.85),
         row(MODEL, 4, 0.95, 0.88)],
        # No early layer tells much.
        [row("a", 1, 0.4, 0.2), row("b", 2, 0.5, 0.2), row("c", 3, 0.94, 0.4),
         row(MODEL, 4, 0.95, 0.5)],
        # A late layer is not simple.
        [row("a", 1, 0.3, 0.2), row("b", 2, 0.3, 0.2), row("c", 3, 0.9, 0.2),
         row("d", 4, 0.94, 0.4), row(MODEL, 5, 0.95, 0.5)],
        # Prepared otherwise (not normalised): the first layer fails, the next ones do not.
        [row("a", 1, 0.7, 0.19), row("b", 2, 0.84, 0.47), row("c", 3, 0.85, 0.55),
         row("d", 4, 0.93, 0.57), row("e", 5, 0.99, 0.7), row(MODEL, 6, 0.99, 0.74)],
        # Too few examples to be sure.
        [row("a", 1, 0.5, 0.21, 12), row("b", 2, 0.9, 0.7, 12), row(MODEL, 3, 1.0, 0.67, 12)],
    ],
)  # fmt: skip
def test_controls_raise_no_alarm(rows):
    assert not found(rows).leans


def test_inputs_on_another_scale_allow_no_conclusion():
    assert not found(otherwise="Data and reference are on another scale.").leans


def test_a_reference_on_which_nothing_can_be_told():
    rows = [row("a", 1, 0.2, 0.2), row("b", 2, 0.15, 0.2), row(MODEL, 3, 0.9, 0.3)]
    transfer = found(rows)
    assert transfer.simple is None
    assert math.isnan(transfer.kept)
    assert not transfer.leans


def test_chances_are_those_that_raise_fewer_alarms():
    before, after = chances(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1, 2]))
    assert before == 0.75
    assert after == pytest.approx(0.75 * 0.2 + 0.25 * 0.6)


FACTS = Facts(
    examples=650,
    errors=290,
    accuracy=0.55,
    above_chance=True,
    predicted_classes=6,
    best_reads=0.9,
    leanings=(),
    data=NOTHING_KNOWN,
)


def test_the_rule_calls_it_a_shortcut():
    decision = decide(replace(FACTS, transfer=found()))
    assert (decision.verdict, decision.reason) == ("shortcut", "does not transfer")
    assert decision.leaning is None
    assert decide(FACTS).verdict != "shortcut"
    other = found(otherwise="Data and reference are on another scale.")
    assert decide(replace(FACTS, transfer=other)) == decide(FACTS)


def test_readouts_of_the_data_may_outdo_a_model_that_fails_on_them():
    outdone = replace(FACTS, best_reads=1.5)
    assert decide(outdone).reason == "outdone"
    assert decide(replace(outdone, transfer=found())).verdict == "shortcut"


def test_a_model_that_is_outdone_on_the_reference_is_not_trained():
    rows = [*BAR[:3], row(MODEL, 4, 0.8, 0.55)]
    assert found(rows).leans
    assert found(rows).best_reads == pytest.approx((0.94 - 0.2) / (0.8 - 0.2))
    assert decide(replace(FACTS, transfer=found(rows))).verdict != "shortcut"


def test_what_prevents_a_verdict_prevents_this_one():
    assert decide(replace(FACTS, above_chance=False, transfer=found())).reason == "chance"
