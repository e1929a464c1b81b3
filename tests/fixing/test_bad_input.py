"""What can go wrong ends in one sentence, before anything runs where that can be told."""

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.datasets.example_groups import label_by_suspect
from earlysieve.errors import DataError, EarlysieveError, InputError
from earlysieve.fixing.retraining import Recipe
from earlysieve.training import TrainConfig

from .helpers import Leaning, Net

QUICK = Recipe(TrainConfig(optimizer="adamw", lr=0.05, epochs=2, scheduler="cosine"))


class Pointwise(nn.Module):
    """The same logits, by a convolution of size 1."""

    def __init__(self):
        super().__init__()
        self.net, self.last = Net(), nn.Conv1d(6, 2, 1)
        with torch.no_grad():
            self.last.weight.copy_(self.net.head.weight[:, :, None])
            self.last.bias.zero_()

    def forward(self, x):
        return self.last(self.net.act(self.net.first(x))[:, :, None])[:, :, 0]


def fix(model=None, held=None, **more):
    data = Leaning() if held is None else held
    return es.fix(model or Net(), held_out=data, progress=False, **more)


def refused_at_once(kind, match, **more):
    said = []
    with pytest.raises(kind, match=match):
        fix(tell=said.append, **more)
    assert said == []


def test_no_linear_last_layer_is_refused_and_the_wrapper_offered():
    with pytest.raises(InputError, match="RepairedClassifier; or train the whole network again"):
        fix(Pointwise())


def test_what_is_tried_is_said_on_standard_error_where_bars_are_drawn(capsys):
    es.fix(Net(), held_out=Leaning(), budget="1trials", progress=True)
    assert "Auditing the model on them." in capsys.readouterr().err
    fix(budget="1trials")
    assert capsys.readouterr().err == ""


def test_without_a_linear_last_layer_only_trainings_are_tried_where_asked():
    found = fix(Pointwise(), train=Leaning(seed=3), retrain=QUICK)
    assert set(found.candidates["kind"]) == {"no change", "retrain"}
    assert found.changed
    assert found.notes[0].startswith("No repair of the last layer was tried. Expected a last layer")


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"groups": [0, 1, 0]}, "Expected groups of 800 examples, but got those of 3"),
        ({"groups": "colour"}, "Expected groups, or one whole number per example"),
        ({"select": "worst_group_accuracy"}, "Expected groups in the validation data"),
        ({"model": len}, "Expected the model to be a torch.nn.Module"),
        ({"batch_size": 0}, "Expected batch_size to be a positive whole number"),
        ({"seed": -1}, "Expected seed to be at least 0"),
        (
            {"train": Leaning(50), "retrain": True, "train_groups": [0, 1]},
            "Expected groups of 50 examples, but got those of 2",
        ),
    ],
)
def test_refused_before_anything_runs(more, match):
    refused_at_once(EarlysieveError, match, **more)


def test_groups_that_were_inferred_for_other_data():
    other = Leaning(800, seed=4)
    other.labels = 1 - other.labels
    refused_at_once(DataError, "they are of others", groups=es.infer_groups("errors", data=other,
                    model=Net()))  # fmt: skip


def test_an_audit_of_other_data():
    found = es.audit(Net(), Leaning(300), progress=False)
    with pytest.raises(DataError, match="Expected an audit of these 800 held-out examples"):
        fix(audit=found)


def test_an_audit_of_another_model():
    found = es.audit(Net(follow=False), Leaning(), progress=False)
    with pytest.raises(DataError, match="Expected an audit of this model, but on .*% of the"):
        fix(audit=found)


def with_few_suspects(counts):
    """So many examples of class 0 and 1 whom the column misleads."""
    data = Leaning(400, minority=0.0)
    for label, count in enumerate(counts):
        data.minority[label : label + 2 * count : 2] = True
    cue = torch.where(data.minority, 1 - data.labels, data.labels)
    data.x[:, 0] = 3.0 * (2 * cue - 1) + 0.1 * data.x[:, 3]
    return data


def test_a_class_without_suspects_counts_as_one_group_and_that_is_noted():
    held = Leaning()
    suspects = held.minority & (held.labels == 0)
    groups = label_by_suspect(held.labels, suspects, ("cat", "dog"))
    found = fix(held=held, groups=groups, budget="1trial")
    assert "No suspect in class '1': all of its examples count as one group." in found.notes
    assert found.candidates["failure"].tolist() == ["", ""]


def test_one_suspect_in_a_class_costs_candidates_not_the_fix():
    found = fix(held=with_few_suspects((40, 1)))
    assert any(note.startswith("Fewer than 5 suspects in class '1'") for note in found.notes)
    dfr = found.candidates[found.candidates["method"] == "dfr"]
    why = next(filter(None, dfr["failure"]))
    assert "Expected at least 2 examples of each group" in why
    assert "of class 1 in group '1, misled'; add held-out examples or take groups from" in why
    assert "min_group" not in why
    others = found.candidates[found.candidates["method"].isin(["afr", "crt"])]
    # They are fitted; one that is no better on all examples may be left out afterwards.
    assert not others["failure"].str.contains("Expected").any()


def changed(**values):
    data = Leaning(100)
    for name, (rows, value) in values.items():
        getattr(data, name)[rows] = value
    return data


@pytest.mark.parametrize(
    ("held", "match"),
    [
        (changed(labels=(slice(None), 1)), "Expected examples of at least two classes"),
        (changed(x=(3, float("nan"))), "got NaN or infinity for example 3"),
        (changed(labels=(7, 5)), "Expected labels from 0 to 1"),
        (Leaning(0), "Expected at least one example"),
    ],
)
def test_held_out_data_that_cannot_be_used(held, match):
    with pytest.raises(EarlysieveError, match=match):
        fix(held=held)


def test_five_examples_change_nothing():
    model = Net()
    found = fix(model, Leaning(5))
    assert found.model is model


class Grouped(Leaning):
    """With groups, as data name them."""

    def __init__(self, *args, **named):
        super().__init__(*args, **named)
        self.groups = self.minority.long()

    def __getitem__(self, i):
        return (*super().__getitem__(i), int(self.groups[i]))


def test_true_groups_choose_where_the_data_name_them():
    held = Grouped()
    found = fix(held=held, select="worst_group_accuracy", budget="4trials")
    assert found.changed
    assert list(found.candidates["source"]) == ["", "named", "named", "named", "audit"]
    [note] = [note for note in found.notes if note.startswith("Of the groups that the data name")]
    assert "of the suspects are in a minority of their class" in note


def test_true_groups_are_used_for_nothing_else():
    columns = ["candidate", "score", "accuracy", "misled", "failure"]
    with_names, without = fix(held=Grouped()), fix()
    assert with_names.chosen == without.chosen
    assert with_names.candidates[columns].equals(without.candidates[columns])
    state, other = with_names.model.state_dict(), without.model.state_dict()
    assert all(torch.equal(state[key], other[key]) for key in state)
    assert not any("groups that the data name" in note for note in without.notes)
