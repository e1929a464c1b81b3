import pytest
import torch
from torch.utils.data import DataLoader

import earlysieve as es
from earlysieve.errors import DataError, InputError
from earlysieve.fixing.candidates import NO_CHANGE
from tests.auditing.helpers import state_of

from .helpers import Leaning, Net, accuracy_on


@pytest.fixture(scope="module")
def outcome():
    data, model = Leaning(), Net()
    before = state_of(model)
    return model, before, data, es.fix(model, held_out=data, progress=False)


def test_a_model_that_leans_on_a_column_leans_on_it_less(outcome):
    model, _, _, result = outcome
    fresh = Leaning(2000, 0.5, seed=1)
    assert result.before.summary.verdict == "shortcut"
    assert result.changed
    assert accuracy_on(model, fresh, fresh.minority) < 0.05
    assert accuracy_on(result.model, fresh, fresh.minority) > 0.8
    assert "where a reader of column '0' is misled" in result.headline
    assert repr(result).startswith(f"<FixResult: {result.headline} See ")


def test_the_given_model_is_as_it_was(outcome):
    model, before, _, result = outcome
    after = state_of(model)
    assert before.keys() == after.keys()
    assert all(torch.equal(before["state"][k], after["state"][k]) for k in before["state"])
    assert before["modes"] == after["modes"]
    assert result.model is not model
    assert list(result.model.state_dict()) == list(model.state_dict())
    assert type(result.model) is Net
    assert torch.equal(result.model.first.weight, model.first.weight)


def test_figures_are_of_examples_that_the_layer_was_not_fitted_to(outcome):
    _, _, data, result = outcome
    whole = result.figures.set_index("part").loc["all held-out examples"]
    assert whole["n"] == len(data)
    fitted = accuracy_on(result.model, data, torch.ones(len(data), dtype=torch.bool))
    assert whole["after"] == pytest.approx(fitted, abs=0.02)
    misled = result.figures.set_index("part").loc["misled"]
    assert misled["after_low"] < misled["after"] < misled["after_high"]
    assert misled["after_low"] > misled["before_high"]


def test_what_was_tried_is_listed_with_no_change_first(outcome):
    *_, result = outcome
    names = list(result.candidates["candidate"])
    assert names[0] == NO_CHANGE
    assert result.chosen in names
    assert {"dfr", "afr", "neurontune", "crt"} <= set(result.candidates["method"])
    rows = result.candidates.set_index("candidate")
    assert rows.loc[result.chosen, "score"] > rows.loc[NO_CHANGE, "score"]
    assert rows.index[rows["chosen"]].tolist() == [result.chosen]


def test_the_audit_afterwards_is_of_data_that_the_layer_was_fitted_to(outcome):
    *_, result = outcome
    assert result.after.config["seen_in_training"] is True
    assert result.after.summary.verdict != "none found"


def test_a_model_that_does_its_task_stays_as_it_is():
    data, model = Leaning(minority=0.5), Net(follow=False)
    result = es.fix(model, held_out=data, progress=False)
    assert result.model is model
    assert (result.chosen, result.changed) == (NO_CHANGE, False)
    assert result.headline == "The model stays as it is."
    assert result.after is result.before
    assert (result.figures["before"] == result.figures["after"]).all()
    told = result.candidates[["candidate", "chosen", "score"]]  # though nothing was compared
    assert told["chosen"].tolist() == [True]
    assert told["score"].isna().all()


def test_the_same_call_gives_the_same_model(outcome):
    model, _, data, result = outcome
    again = es.fix(model, held_out=data, audit=result.before, progress=False)
    assert again.chosen == result.chosen
    assert torch.equal(again.model.head.weight, result.model.head.weight)


def test_groups_may_be_given():
    data, model = Leaning(), Net()
    groups = 2 * data.labels + data.minority.long()
    result = es.fix(model, held_out=data, groups=groups, budget="1trial", progress=False)
    assert result.groups.source == "given"
    assert list(result.candidates["source"]) == ["", "given"]
    assert result.changed
    assert "of group 1, on which the model was worst" in result.headline
    assert "labels and the given groups" in result.explanation


class Named(Leaning):
    """Names the groups label x minority."""

    def __getitem__(self, i):
        x, label = super().__getitem__(i)
        return {"image": x, "label": label, "group": 2 * label + int(self.minority[i])}


def test_groups_that_the_data_name_are_tried_where_the_rule_is_about_them():
    data, model = Named(minority=0.5), Net(follow=False)
    result = es.fix(model, held_out=data, select="worst_group_accuracy", progress=False)
    assert result.before.summary.verdict == "none found"
    assert result.groups.source == "data"
    sources = list(result.candidates["source"])
    assert (sources[1], "audit" in sources) == ("named", False)
    figures = result.figures[result.figures["kind"] == "group"]
    assert figures["n"].sum() == len(data)
    kept = es.fix(model, held_out=data, audit=result.before, progress=False)
    assert len(kept.candidates) == 1  # without the rule they choose nothing
    assert (
        "Pass groups to try all the same (groups=), or choose by those that the data name (select="
        in kept.explanation
    )


def test_groups_that_the_data_name_lead_where_they_were_chosen_by():
    result = es.fix(Net(), held_out=Named(), select="worst_group_accuracy", progress=False)
    rows = result.candidates.set_index("candidate")
    assert {"named", "audit"} <= set(rows["source"])
    groups = result.figures[result.figures["kind"] == "group"]
    worst = groups.loc[groups["before"].idxmin()]
    assert f"of {worst['part']}, on which the model was worst" in result.headline
    assert rows.loc[result.chosen, "score"] == pytest.approx(groups["after"].min())
    assert "labels and the groups that the data name" in result.explanation


def test_groups_that_are_not_crossed_with_the_class_are_noted(outcome):
    model, _, data, result = outcome
    cue = torch.where(data.minority, 1 - data.labels, data.labels)
    said = "holds several classes. A cue misleads only beside some classes"
    for groups, noted in ((cue, 1), (2 * data.labels + cue, 0)):
        given = {"held_out": data, "audit": result.before, "groups": groups, "budget": "1trial"}
        found = es.fix(model, **given, progress=False)
        assert sum(said in note for note in found.notes) == noted
        told = []
        given |= {"groups": None, "train": data, "train_groups": groups, "retrain": True}
        es.fix(model, **given, tell=told.append)
        assert sum(said in line for line in told) == noted


def test_groups_of_other_data_are_refused():
    with pytest.raises(DataError, match="Expected groups of 800 examples, but got those of 3"):
        es.fix(Net(), held_out=Leaning(), groups=[0, 1, 0], progress=False)


def test_data_that_the_model_knows_are_refused():
    data = Leaning(minority=0.0)
    with pytest.raises(InputError, match="has not seen|not trained on|unseen"):
        es.fix(Net(), held_out=data, progress=False)


def test_without_held_out_data_there_must_be_training():
    with pytest.raises(InputError, match="Expected held_out, examples that the model was not"):
        es.fix(Net())
    with pytest.raises(InputError, match="Expected training data to retrain on"):
        es.fix(Net(), held_out=Leaning(), retrain=True)


def test_a_loader_that_shuffles_changes_nothing(outcome):
    model, _, data, result = outcome
    loader = DataLoader(data, batch_size=50, shuffle=True)
    found = es.fix(model, held_out=loader, audit=result.before, budget="1trial", progress=False)
    one = result.candidates.set_index("candidate").loc["dfr@audit, strength 0.01"]
    other = found.candidates.set_index("candidate").loc["dfr@audit, strength 0.01"]
    assert other["score"] == pytest.approx(one["score"])


def test_an_unknown_rule_is_refused_before_anything_runs():
    with pytest.raises(InputError, match="Expected select to be one of"):
        es.fix(Net(), held_out=Leaning(), select="accurcy")


@pytest.mark.parametrize("rule", ["accuracy", "worst_class_accuracy", "pseudo_group_accuracy"])
def test_other_rules_may_choose(outcome, rule):
    model, _, data, result = outcome
    found = es.fix(
        model, held_out=data, audit=result.before, select=rule, budget="2trials", progress=False
    )
    assert found.select == rule
    assert len(found.candidates) == 3


def test_a_budget_too_small_for_one_candidate(outcome):
    model, _, data, result = outcome
    with pytest.raises(InputError, match="Expected a budget for one candidate at least"):
        es.fix(model, held_out=data, audit=result.before, budget="0.000001s", progress=False)
