"""A cue that a model does not go by: what readouts do better by is no sign of bad training."""

import math
from dataclasses import replace

import pytest

from earlysieve.auditing.resisting import resisted
from earlysieve.auditing.rule import decide

from .made_up import COLOUR, IDLE, LAYER, facts

# It tells the label better than the model does, and costs the model nothing.
CUE = replace(COLOUR, reads=1.2, accuracy=0.8, accuracy_else=0.82, followed=0.1, sure=20)
HALF = replace(IDLE, name="top half", whole=True, reads=1.1, followed=math.nan)


def test_a_cue_that_costs_nothing_and_explains_the_readouts_is_resisted():
    assert resisted([IDLE, CUE, LAYER], 1.25) is CUE
    assert resisted([replace(CUE, followed=math.nan)], 1.2) is not None


@pytest.mark.parametrize(
    ("change", "best_reads"),
    [
        ({}, 1.29),  # layers tell much that it does not
        ({"reads": 1.05}, 1.1),  # it does no better than the model
        ({"reads": 1.51}, 1.51),  # far better: such a model may be prepared wrongly
        ({"accuracy": 0.76}, 1.2),
        ({"followed": 0.2}, 1.2),
        ({"sure": 19}, 1.2),
        ({"name": "mark"}, 1.2),  # speaks of few examples
        ({"whole": True, "name": "top half"}, 1.2),
        ({"of_network": True, "name": "layer1 mean"}, 1.2),
    ],
)
def test_else_it_is_not(change, best_reads):
    assert resisted([replace(CUE, **change)], best_reads) is None


def test_answers_that_follow_what_tells_nothing_here_go_by_a_shortcut_that_is_broken():
    broken = replace(IDLE, followed=0.3, reads=0.1)
    assert resisted([CUE, broken], 1.2) is None
    assert resisted([CUE, replace(broken, reads=0.5)], 1.2) is CUE


def test_half_of_the_image_that_outdoes_and_misleads_may_be_what_it_goes_by():
    assert resisted([CUE, replace(HALF, accuracy=0.6, accuracy_else=0.84)], 1.2) is None
    assert resisted([CUE, replace(HALF, accuracy=0.8, accuracy_else=0.84)], 1.2) is CUE
    low = replace(HALF, accuracy=0.6, accuracy_else=0.84, reads=1.04)
    assert resisted([CUE, low], 1.2) is CUE


def test_the_verdict_is_none_found_and_what_the_cue_recovers_is_no_sign():
    hard = replace(COLOUR, name="spectrum", reads=1.0, recovered_by="colour", followed=0.1)
    hard = replace(hard, mended=0.1, times_worse=30.0)
    assert decide(facts(hard)).verdict == "shortcut"
    found = decide(facts(hard, CUE, best_reads=1.2))
    assert (found.verdict, found.reason, found.leaning) == ("none found", "resists", None)
    # What swaps show is said all the same, and few examples can show nothing.
    followed = replace(hard, followed=0.5, mended=0.9)
    assert decide(facts(followed, CUE, best_reads=1.2)).verdict == "shortcut"
    few = replace(facts(hard, CUE, best_reads=1.2), examples=400)
    assert decide(few).reason == "too few"
    alone = decide(facts(hard, best_reads=1.2))
    assert (alone.verdict, alone.reason) == ("inconclusive", "outdone")
