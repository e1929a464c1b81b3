"""What no verdict justifies is left out, however well it does where the model is misled."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

import earlysieve as es
from earlysieve.fixing import choosing
from earlysieve.fixing.basis import GIVEN
from earlysieve.fixing.choosing import take, too_dear
from earlysieve.fixing.outcome import left_out

from .helpers import Leaning, Net
from .test_still_followed import BEFORE, summary

LABELS = torch.arange(200) % 2


def right_on(count):
    """Logits that are right on the first so many examples."""
    said = torch.where(torch.arange(200) < count, LABELS, 1 - LABELS)
    return torch.nn.functional.one_hot(said, 2).float()


def basis(verdict, *sources, irrelevant=False):
    leanings = (SimpleNamespace(name="cue", irrelevant=irrelevant),)
    summary = SimpleNamespace(verdict=verdict, leans_on="cue", leanings=leanings)
    return SimpleNamespace(
        features=SimpleNamespace(logits=right_on(180), labels=LABELS),
        audit=SimpleNamespace(summary=summary),
        sources=dict.fromkeys(sources),
    )


@pytest.mark.parametrize("verdict", ["at risk", "inconclusive"])
def test_more_than_a_point_of_all_examples_is_too_dear_without_a_shortcut(verdict):
    tried = {"two points": right_on(176), "one": right_on(178), "gain": right_on(190)}
    tried["twenty"] = right_on(140)
    assert too_dear(basis(verdict, irrelevant=True), tried) == {}  # so the user said
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


def taken(monkeypatch, scores, followed):
    """What is taken of candidates with scores, whose answers follow the cue so often."""

    def choose(_basis, tried, _select):
        left = {"no change": 0.5, **{name: scores[name] for name in tried}}
        table = pd.DataFrame({"candidate": list(left), "score": list(left.values())})
        return SimpleNamespace(name=max(left, key=left.get), table=table.assign(chosen=False))

    def made(name):
        return name, SimpleNamespace(summary=summary("inconclusive", None, cue=followed[name]))

    monkeypatch.setattr(choosing, "choose", choose)
    audited = SimpleNamespace(audit=SimpleNamespace(summary=BEFORE))
    return take(audited, dict.fromkeys(scores), "accuracy", made)


def test_what_follows_the_shortcut_more_is_not_taken_whatever_its_score(monkeypatch):
    found = taken(monkeypatch, {"a": 0.9, "b": 0.8, "c": 0.6}, {"a": 0.89, "b": 0.87, "c": 0.1})
    # The model before follows 68%: 20 points more are beyond chance, 19 are not.
    assert (found.name, found.changed[0]) == ("b", "b")
    assert found.scores.set_index("candidate")["chosen"].to_dict() == {
        "no change": False, "a": False, "b": True, "c": False,
    }  # fmt: skip
    assert found.refused == (
        "'a' has a better score and is not taken: its answers follow column 'cue' in 89% of swaps "
        "more than by chance, those of the model before in 68%.",
    )


def test_where_each_of_three_follows_it_more_nothing_is_changed(monkeypatch):
    scores = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6}
    found = taken(monkeypatch, scores, dict.fromkeys(scores, 1.0))
    assert (found.name, found.changed, len(found.refused)) == ("no change", None, 3)
    assert found.scores.set_index("candidate")["chosen"].to_dict()["no change"]


def test_no_change_may_be_best_and_what_was_not_swapped_refuses_nothing(monkeypatch):
    assert taken(monkeypatch, {"a": 0.4}, {"a": 1.0}).name == "no change"
    assert taken(monkeypatch, {"a": 0.6}, {"a": float("nan")}).name == "a"
