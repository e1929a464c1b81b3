"""A training warns where it undid what its weights knew, or taught them nothing."""

import json
import math
import re
from dataclasses import replace

import pytest

from earlysieve.runs.harm import Start, harmed, knows_already, learned_nothing
from earlysieve.training import TrainConfig
from tests.cli.helpers import ok

CONFIG = TrainConfig(validation="0.2")


def row(accuracy, worst=None):
    more = {} if worst is None else {"validation_worst_group_accuracy": worst}
    return {"validation_accuracy": accuracy, **more}


@pytest.mark.parametrize(
    ("start", "kept", "said"),
    [
        (Start(0.93, 1500), row(0.64), True),
        (Start(0.93, 1500), row(0.89), False),  # less than 0.05
        # Of 40 examples Wilson's interval of 90% begins at 0.7695, that of 80% ends at 0.8950:
        # 0.1 is less than the root of 0.1305^2 + 0.0950^2; that of 65% ends at 0.7793.
        (Start(0.9, 40), row(0.8), False),
        (Start(0.9, 40), row(0.65), True),
        (Start(0.95, 900, 0.0), row(0.85, 0.7), False),  # what groups are weighted for
        (Start(0.95, 900, 0.8), row(0.85, 0.7), True),
        (Start(0.6, 900), row(0.9), False),
        (None, row(0.1), False),
        (Start(0.9, 900), {}, False),
    ],
)
def test_a_training_that_does_harm_says_so(start, kept, said):
    assert bool(harmed(start, kept, CONFIG)) == said


def test_what_to_try_is_not_what_was_in_use():
    told = harmed(Start(0.93, 1500), row(0.64), CONFIG)
    assert "right on 93% of the validation data, those that it ends with on 64%" in told
    assert told.endswith(
        "a smaller --lr than 0.01 with --optimizer adamw (such as 0.0001), or --restore-best."
    )
    adamw = TrainConfig(validation="0.2", optimizer="adamw", lr=1e-3, restore_best=True)
    assert harmed(Start(0.93, 1500), row(0.64), adamw).endswith("a smaller --lr than 0.001.")


def test_a_method_that_weighs_groups_may_cost_accuracy():
    dro = replace(CONFIG, method="group-dro", groups_from="audit", method_options={})
    told = harmed(Start(0.92, 1200), row(0.8), dro)
    assert told.startswith("Accuracy over all validation data went from 92% to 80%. 'group-dro'")
    assert "undid" not in told
    assert "--restore-best" not in told  # which accuracy would lead back to the shortcut
    assert "earlysieve compare BEFORE AFTER" in told
    for balance, weighs in (("group", True), ("class", False)):
        one = replace(CONFIG, method="balanced", method_options={"balance": balance})
        assert ("undid" not in harmed(Start(0.92, 1200), row(0.8), one)) == weighs


@pytest.mark.parametrize(
    ("best", "chance", "examples", "said"),
    [
        (0.52, 0.5, 1000, True),  # Wilson's interval ends at 0.5309
        (0.54, 0.5, 1000, False),
        (0.9, 0.9, 1000, True),
        (math.nan, 0.5, 1000, False),
    ],
)
def test_a_training_that_learns_nothing_says_so(best, chance, examples, said):
    history = [{"train_accuracy": 0.4}, {"train_accuracy": best}]
    if math.isnan(best):
        history = [{"train_loss": 1.0}]
    assert bool(learned_nothing(history, chance, examples, CONFIG)) == said


@pytest.mark.parametrize(
    ("accuracies", "classes", "more", "said"),
    [
        ([0.54, 0.48, 0.51], 2, {}, True),  # Wilson's interval of a half ends at 0.5309
        ([0.54, 0.48, 0.54], 2, {}, False),
        ([0.54, 0.48, 0.51], 2, {"restore_best": True}, False),  # another epoch is kept
        ([0.54, 0.48, 0.51], 4, {}, False),  # one class is twice as frequent as the mean
        ([0.54, 0.48, 0.51], 0, {}, False),
    ],
)
def test_a_training_that_ends_at_chance_says_so(accuracies, classes, more, said):
    history = [{"train_accuracy": one} for one in accuracies]
    told = learned_nothing(history, 0.5, 1000, replace(CONFIG, **more), classes=classes)
    assert bool(told) == said
    if said:
        assert "ended at 51%, no more than a guess (50%), after 54% in epoch 1" in told
        assert "a smaller --lr than 0.01 with --optimizer adamw (such as 0.0001)" in told


def test_weights_that_know_the_examples_are_said_to_hardly_change():
    dro = replace(CONFIG, method="group-dro", checkpoint="x.pt", weight_decay=0.01)
    told = knows_already(0.9951, dro)
    assert told.startswith("Accuracy in training was 99.5% in the first epoch already: ")
    assert "'group-dro' hardly changes anything. To change what the network goes by, give " in told
    assert (
        "larger --weight-decay than 0.01 (such as 0.1), with a larger --lr than 0.01 where" in told
    )
    assert told.endswith(
        "or leave out --checkpoint (and begin with --pretrained weights, where "
        "there are published ones)."
    )
    assert "--checkpoint" not in knows_already(1.0, replace(dro, checkpoint=None))
    assert knows_already(0.9949, dro) == ""
    assert knows_already(None, dro) == ""
    for by_design in ("erm", "dfr"):
        assert knows_already(1.0, replace(dro, method=by_design)) == ""


def test_the_command_warns_once_of_weights_that_know_the_examples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "a.csv", lambda k: k % 2)
    net = ("--model", "earlysieve.networks:SmallMLP", "--data", "table:a.csv", "--batch-size", 20)
    ok("train", *net, "--optimizer", "adam", "--lr", 0.02, "--epochs", 8, "--out", "one")
    method = ("--method", "balanced", "--balance", "class", "--epochs", 3)
    words = ("train", *net, *method, "--checkpoint", "one/model.pt", "--out")
    told = ok(*words, "two").stdout
    assert told.count("Warning: Accuracy in training was 100.0% in the first epoch already") == 1
    assert told.index("Warning: Accuracy") < told.index("Weights:")
    said = json.loads(ok(*words, "three", "--json").stdout)["warnings"]
    assert [one[:24] for one in said] == ["Accuracy in training was"]
    fresh = ok("train", *net, *method, "--optimizer", "adam", "--lr", 0.02, "--out", "four")
    assert "in the first epoch already" not in fresh.stdout


def table(path, label):
    rows = [f"{k % 2}.{k % 9},{k % 5},{label(k)}" for k in range(400)]
    path.write_text("\n".join(["x,noise,label", *rows]) + "\n")


def test_the_command_warns_at_its_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "a.csv", lambda k: k % 2)
    table(tmp_path / "turned.csv", lambda k: (k + (k % 5 < 2)) % 2)
    table(tmp_path / "noise.csv", lambda k: k // 90 % 2)
    net = ("--model", "earlysieve.networks:SmallMLP", "--batch-size", 20, "--optimizer", "adam")
    beside = ("--validation", "table:a.csv", "--epochs", 8)
    first = ok("train", *net, "--data", "table:a.csv", *beside, "--lr", 0.02, "--out", "one",
               "--json")  # fmt: skip
    assert json.loads(first.stdout)["warnings"] == []
    again = (*net, *beside, "--checkpoint", "one/model.pt", "--data")
    gently = ok("train", *again, "table:a.csv", "--lr", 0.0001, "--out", "two")
    assert "Warning" not in gently.stdout
    wrecked = (*again, "table:turned.csv", "--lr", 0.02, "--out", "three")
    told = ok("train", *wrecked).stdout
    assert "Warning: The weights that training began with were right on 100%" in told
    resumed = json.loads(ok("train", *wrecked, "--json").stdout)
    assert "undid what they knew" in resumed["warnings"][0]
    nothing = ok("train", *net, "--data", "table:noise.csv", "--lr", 1e-9, "--epochs", 2,
                 "--out", "four")  # fmt: skip
    assert "Warning: Accuracy in training was" in nothing.stdout


def test_of_a_balanced_training_a_guess_is_told_by_what_is_drawn(tmp_path, monkeypatch):
    """Two of three labels are alike, but a guess is right on half of the examples drawn."""
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "rare.csv", lambda k: int(k // 90 % 4 == 0))
    told = ok(
        "train", "--model", "earlysieve.networks:SmallMLP", "--data", "table:rare.csv", "--method",
        "balanced", "--balance", "class", "--lr", 1e-9, "--epochs", 2, "--out", "one",
    ).stdout  # fmt: skip
    assert re.search(r"no more than a guess \(5[0-5]%\): the network learned nothing", told)
