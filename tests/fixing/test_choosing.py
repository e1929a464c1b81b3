"""What no verdict justifies is left out, however well it does where the model is misled."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

import earlysieve as es
from earlysieve.datasets.example_groups import Groups
from earlysieve.fixing import basis as basis_module
from earlysieve.fixing import choosing
from earlysieve.fixing.basis import GIVEN
from earlysieve.fixing.choosing import take, too_dear, unsure
from earlysieve.fixing.guessing import guesses, notes_on_guesses
from earlysieve.fixing.outcome import left_out

from .helpers import Leaning, Net
from .test_still_followed import BEFORE, summary

LABELS = torch.arange(200) % 2


def right_on(count):
    """Logits that are right on the first so many examples."""
    said = torch.where(torch.arange(200) < count, LABELS, 1 - LABELS)
    return torch.nn.functional.one_hot(said, 2).float()


def basis(verdict, *sources, irrelevant=False, of_network=False):
    leanings = (SimpleNamespace(name="cue", irrelevant=irrelevant, of_network=of_network),)
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
    words = left_out(basis(verdict), dear, 0.01)
    assert "2 candidates were left out, right on 70% to 88% of all" in words
    assert "instead of 90%" in words
    one = left_out(basis(verdict), {"a": 0.7}, 0.01)
    assert one.startswith("1 candidate was left out, right on 70% of")


def judged(right_before, **tried):
    """A basis with the first 60 of 200 misled; logits that are right on shares of both parts."""
    suspects = torch.arange(200) < 60

    def logits(misled, others):
        right = torch.arange(200) < round(60 * misled)
        right |= ~suspects & (torch.arange(200) < 60 + round(140 * others))
        return torch.nn.functional.one_hot(torch.where(right, LABELS, 1 - LABELS), 2).float()

    found = basis("shortcut")
    found.judged_by = SimpleNamespace(suspects=suspects)
    found.labels = LABELS.numpy()
    found.features.logits = logits(*right_before)
    return found, {name: logits(*shares) for name, shares in tried.items()}


def test_what_guesses_where_the_shortcut_misleads_is_no_repair():
    # Over all before: 70%. Of 60 Wilson's interval of 60% begins at 0.474, of 65% at 0.524.
    about, tried = judged(
        (0.0, 1.0),
        coin=(0.5, 0.46),
        unsure=(0.6, 0.4),
        sure=(0.65, 0.4),  # but it guesses elsewhere
        turned=(0.9, 0.1),  # right where the shortcut fails alone
        cheap=(0.5, 0.75),  # 67.5% over all: people decide
        dear=(0.0, 0.65),
    )
    assert guesses(about, tried) == ("coin", "unsure", "sure", "turned", "dear")
    left, none = notes_on_guesses(about, tried, "colour")
    assert left.startswith("5 candidates were left out: each loses more than 5 points")
    assert "a reader of colour is misled, or elsewhere" in left
    assert "guessing (50%)" in left
    assert none.endswith("Training the whole network again may help, or other training data.")
    _, done = notes_on_guesses(about, tried, "colour", retrained=True)
    assert "again was tried, too; other training data may help, above all examples in" in done
    assert none.startswith("No candidate is surely better than guessing (50%) both where")
    assert notes_on_guesses(about, {"coin": tried["coin"]}, "colour")[0].startswith(
        "1 candidate was left out: it loses more than 5 points"
    )
    good = {**tried, "good": judged((0, 1), good=(0.8, 0.8))[1]["good"]}
    assert len(notes_on_guesses(about, good, "colour")) == 1
    about.judged_by = None  # nobody is known to be misled
    assert guesses(about, tried) == ()


def test_a_guess_is_not_chosen_whatever_its_score():
    about, tried = judged((0.0, 1.0), coin=(0.5, 0.4), cheap=(0.55, 0.75))
    held = SimpleNamespace(data=(torch.zeros(200, 1), LABELS))
    about.data, about.reader_predictions = held, None
    suspects = about.judged_by.suspects
    about.judged_by = Groups(suspects.long(), ("not misled", "misled"), "audit", suspects=suspects)
    assert choosing.choose(about, tried, "pseudo_group_accuracy").name == "cheap"
    only = {"coin": judged((0, 1), coin=(0.9, 0.3))[1]["coin"]}
    # Its score, 0.6, is above 0.5 of the model before.
    assert choosing.choose(about, only, "pseudo_group_accuracy").name == "no change"


def reshuffled(leans_on, verdict="inconclusive", *sources):
    """A model that is right on 1,500 of 2,000; a reader is misled on 100 that it gets wrong, too.

    Another one is as good and errs on other examples; a better one errs on fewer.
    """
    labels, place = torch.arange(2000) % 2, torch.arange(2000)

    def logits(right):
        return torch.nn.functional.one_hot(torch.where(right, labels, 1 - labels), 2).float()

    found = basis(verdict, *sources)
    found.audit.summary.leans_on = leans_on
    found.features = SimpleNamespace(logits=logits(place >= 500), labels=labels)
    found.labels, found.reader_predictions = labels.numpy(), None
    suspects = place < 100
    found.judged_by = Groups(suspects.long(), ("not misled", "misled"), "audit", suspects=suspects)
    found.data = SimpleNamespace(data=(torch.zeros(2000, 1), labels))
    # Right on 75 of the 100, as on all others.
    return found, {"as good": logits(place % 4 > 0), "better": logits(place % 5 > 0)}


def test_to_err_on_other_examples_is_no_gain_where_it_was_guessed_who_is_misled():
    about, tried = reshuffled(None)
    assert unsure(about, tried, "pseudo_group_accuracy") == ("as good",)
    assert unsure(about, tried, "accuracy") == ()  # which has not guessed
    assert unsure(about, {}, "pseudo_group_accuracy") == ()
    only = {"as good": tried["as good"]}
    assert choosing.choose(about, only, "pseudo_group_accuracy").name == "no change"
    assert choosing.choose(about, tried, "pseudo_group_accuracy").name == "better"


@pytest.mark.parametrize(
    ("leans_on", "verdict", "sources"),
    [("cue", "at risk", ()), ("cue", "shortcut", ()), (None, "inconclusive", (GIVEN,))],
)
def test_who_is_misled_by_what_was_named_counts_as_before(leans_on, verdict, sources):
    about, tried = reshuffled(leans_on, verdict, *sources)
    assert unsure(about, tried, "pseudo_group_accuracy") == ()
    only = {"as good": tried["as good"]}
    assert choosing.choose(about, only, "pseudo_group_accuracy").name == "as good"


def test_a_shortcut_or_given_groups_say_that_it_is_worth_it():
    assert too_dear(basis("shortcut"), {"twenty": right_on(140)}) == {}
    assert too_dear(basis("at risk", GIVEN), {"twenty": right_on(140)}) == {}


def test_a_shortcut_that_has_only_the_name_of_a_layer_is_worth_five_points():
    tried = {"four": right_on(172), "six": right_on(168)}
    about = basis("shortcut", of_network=True)
    assert too_dear(about, tried) == {"six": 0.84}
    words = left_out(about, {"six": 0.84}, 0.05)
    assert "no name but that of a layer, which sees the task as well, so that" in words
    assert "not worth more than 5 points of accuracy" in words
    assert too_dear(basis("shortcut", of_network=True, irrelevant=True), tried) == {}
    assert too_dear(basis("shortcut", GIVEN, of_network=True), tried) == {}


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
        left = result.candidates[result.candidates["failure"].str.startswith("Left out")]
        assert left["score"].isna().all()
        assert left["accuracy"].notna().all()  # what it would have cost
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


@pytest.mark.parametrize(
    ("verdict", "irrelevant", "counted"),
    [("shortcut", False, 60), ("at risk", True, 60), ("at risk", False, 20)],
)
def test_who_is_misled_counts_though_the_label_looks_doubtful(
    monkeypatch, verdict, irrelevant, counted
):
    """A wrong label no candidate gets right; what only looks so is what they differ on."""
    suspects = torch.arange(200) < 60
    doubtful = (torch.arange(200) >= 20) & (torch.arange(200) < 70)
    numbers = (2 * LABELS + suspects.long()).masked_fill(doubtful, -1)
    whole = Groups(numbers, ("a", "b", "c", "d"), "audit", suspects=suspects)
    monkeypatch.setattr(basis_module, "groups_from_audit", lambda _audit, sure: whole)
    leaning = SimpleNamespace(name="colour", irrelevant=irrelevant)
    summary = SimpleNamespace(verdict=verdict, leans_on="colour", leanings=[leaning])
    found = basis_module._judging(SimpleNamespace(summary=summary), whole)
    assert (found.numbers == 1).sum() == counted
    assert found.numbers[60:70].tolist() == [-1] * 10
