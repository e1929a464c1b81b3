"""What no verdict justifies is left out, however well it does where the model is misled."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

import earlysieve as es
from earlysieve.fixing.basis import GIVEN
from earlysieve.fixing.choosing import too_dear
from earlysieve.fixing.outcome import left_out

from .helpers import Leaning, Net

LABELS = torch.arange(200) % 2


def right_on(count):
    """Logits that are right on the first so many examples."""
    said = torch.where(torch.arange(200) < count, LABELS, 1 - LABELS)
    return torch.nn.functional.one_hot(said, 2).float()


def basis(verdict, *sources):
    summary = SimpleNamespace(verdict=verdict)
    return SimpleNamespace(
        features=SimpleNamespace(logits=right_on(180), labels=LABELS),
        audit=SimpleNamespace(summary=summary),
        sources=dict.fromkeys(sources),
    )


@pytest.mark.parametrize("verdict", ["at risk", "inconclusive"])
def test_more_than_a_point_of_all_examples_is_too_dear_without_a_shortcut(verdict):
    tried = {"two points": right_on(176), "one": right_on(178), "gain": right_on(190)}
    tried["twenty"] = right_on(140)
    dear = too_dear(basis(verdict), tried)
    assert dear == {"two points": 0.88, "twenty": 0.7}
    words = left_out(basis(verdict), dear)
    assert "2 candidates were left out, right on 70% to 88% of all" in words
    assert "instead of 90%" in words
    one = left_out(basis(verdict), {"a": 0.7})
    assert one.startswith("1 candidate was left out, right on 70% of")


def test_a_shortcut_or_given_groups_say_that_it_is_worth_it():
    assert too_dear(basis("shortcut"), {"twenty": right_on(140)}) == {}
    assert too_dear(basis("at risk", GIVEN), {"twenty": right_on(140)}) == {}


def test_a_fix_costs_at_most_a_point_where_the_task_may_be_what_misleads():
    held, model = Leaning(noise=2.5), Net()
    audit = es.audit(model, held, seen_in_training=False, pictures=0, progress=False)
    assert audit.summary.verdict == "shortcut"
    costs = []
    for verdict in ("shortcut", "at risk"):
        told = replace(audit, summary=replace(audit.summary, verdict=verdict))
        result = es.fix(model, held_out=held, audit=told, progress=False)
        whole = result.figures.set_index("part").loc["all held-out examples"]
        costs.append(whole["before"] - whole["after"])
        said = any("left out, right on" in note for note in result.notes)
        assert said == (verdict == "at risk")
    assert costs[0] > 0.05
    assert costs[1] <= 0.01
