"""What an audit knows of its data, and what it then does not say."""

import json
import math
from dataclasses import replace

import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.auditing.known_data import KnownData, known_data
from earlysieve.auditing.verdict import decide, judge
from earlysieve.errors import DataError, InputError
from earlysieve.groups.classes import ClassAccuracy

from .helpers import Net, Planted
from .test_verdict import SHORTCUT

CLEAN = replace(SHORTCUT, same_mistake_low=0.1, same_mistake_high=0.3)


@pytest.mark.parametrize("changes", [{}, {"readability": 0.45}, {"flagged": 5}])
def test_nothing_is_found_missing_on_data_seen_in_training(changes):
    evidence = replace(CLEAN, **changes)
    assert decide(evidence)[0] == "none found"
    assert decide(evidence, KnownData(seen_in_training=False))[0] == "none found"
    verdict, reason = decide(evidence, KnownData(seen_in_training=True))
    assert verdict == "inconclusive"
    assert reason.startswith("The model was trained on these data")


@pytest.mark.parametrize("changes", [{}, {"readability": 0.45}, {"flagged": 5}])
def test_memorisation_comes_before_everything_else(changes):
    evidence = replace(CLEAN, accuracy=1.0, **changes)
    verdict, reason = decide(evidence)
    assert verdict == "inconclusive"
    assert reason.startswith("The model is right on nearly every example, as on data that it has")
    # What is known to be held out cannot have been memorised.
    assert "memorised" not in decide(evidence, KnownData(seen_in_training=False))[1]


def test_a_shortcut_that_shows_on_training_data_is_one():
    assert decide(SHORTCUT, KnownData(seen_in_training=True))[0] == "shortcut"


def test_a_model_that_learnt_nothing_has_memorised_nothing():
    evidence = replace(CLEAN, readability=math.nan)
    assert "no better than always" in decide(evidence, KnownData(seen_in_training=True))[1]


def test_classes_of_one_example_are_named():
    few = KnownData(lone_classes=("owl",))
    assert decide(SHORTCUT, few)[0] == "inconclusive"
    assert decide(CLEAN, few)[1].startswith("1 class has one example only ('owl'), so that")
    many = KnownData(lone_classes=tuple(f"k{i}" for i in range(1200)))
    said = decide(CLEAN, many)[1]
    assert (
        "1,200 classes have one example only ('k0', 'k1', 'k2', 'k3', 'k4' and 1195 more)" in said
    )


def test_a_readout_below_chance_tells_nothing():
    verdict, reason = decide(CLEAN, KnownData(readout_below_chance=True))
    assert verdict == "inconclusive"
    assert reason.startswith("The readout does worse than always giving the most frequent class")


def table(labels, said):
    return pd.DataFrame({"label": labels, "readout_prediction": said})


def test_facts_by_hand():
    found = known_data(table([0, 0, 1, 3], [0, 0, 0, 0]), class_names=["a", "b"])
    assert found == KnownData(None, ("b", "3"), readout_below_chance=False)
    inside = known_data(table([0, 0, 1, 3], [0] * 4), seen_in_training=True, out_of_fold=False)
    assert inside == KnownData(True, (), readout_below_chance=False)
    assert known_data(table([0, 1] * 100, [1, 0] * 100)).readout_below_chance
    # Chance can fall a little short of chance.
    assert not known_data(table([0, 1] * 100, [1, 0] * 45 + [0, 1] * 55)).readout_below_chance


def test_one_example_per_class_end_to_end():
    net = nn.Sequential(nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 20))
    with torch.no_grad():
        for layer in (net[0], net[2]):
            layer.weight.copy_(torch.eye(20))
            layer.bias.zero_()
    data = TensorDataset(torch.eye(20), torch.arange(20))
    summary = es.audit(net, data, folds=2, pictures=0, seen_in_training=False).summary
    assert summary.accuracy == 1.0
    assert summary.verdict == "inconclusive"
    assert "20 classes have one example only" in " ".join([summary.explanation, *summary.warnings])


def test_seen_data_end_to_end():
    data = Planted()
    unseen = es.audit(Net(), data, pictures=0, seen_in_training=False)
    seen = es.audit(Net(), data, pictures=0, seen_in_training=True)
    assert seen.config["seen_in_training"] is True
    assert unseen.config["seen_in_training"] is False
    assert "These are data that the model was trained on" in " ".join(seen.summary.warnings)
    assert "trained on" not in " ".join(unseen.summary.warnings)
    with pytest.raises(InputError, match="Expected seen_in_training to be True, False or None"):
        es.audit(Net(), data, seen_in_training="yes")


def test_wrong_labels_are_named_where_groups_are_unknown():
    alone = judge(SHORTCUT, "a", 600, 2, None)
    assert "or labels are wrong" in alone.headline
    assert "wrong labels alone look like a shortcut" in " ".join(alone.warnings)
    clean = judge(CLEAN, "a", 600, 2, None)
    assert clean.headline.startswith("No shortcut was found: ")
    assert "wrong labels" not in " ".join(clean.warnings)


def test_no_class_is_far_below_the_rest_without_a_sentence():
    divers = ClassAccuracy(1, "diving", 40, 0.0, 0.0, 0.09, 0.59)
    others = ClassAccuracy(0, "racing", 100, 0.6, 0.5, 0.7, 0.4)
    summary = judge(CLEAN, "a", 600, 2, None, classes=[others, divers])
    sentence = "only 0% of 40 examples of class 'diving' are right, against 59% of the others"
    assert summary.headline == f"No shortcut was found, but {sentence}."
    assert f"The model fails on a whole class: {sentence}." in summary.warnings
    many = judge(CLEAN, "a", 600, 2, None, classes=[divers] * 8)
    assert many.warnings[-1] == "3 more classes are far below the rest."


@pytest.fixture(scope="module")
def result():
    return es.audit(Net(), Planted(), folds=2, pictures=0, class_names=["cat", "dog"])


def test_the_summary_says_accuracy_by_class_and_what_is_confused(result):
    examples, classes = result.examples, result.summary.classes
    assert [c.name for c in classes] == ["cat", "dog"]
    for one in classes:
        rows = examples[examples["label"] == one.number]
        assert one.n == len(rows)
        assert one.accuracy == (rows["prediction"] == one.number).mean()
    assert sum(p.count for p in result.summary.confused_pairs) == (
        (examples["label"] != examples["prediction"]).sum()
    )


def test_classes_are_saved_and_older_documents_load_without(result, tmp_path):
    result.save(tmp_path)
    assert es.AuditResult.load(tmp_path).summary == result.summary
    path = tmp_path / "audit.json"
    document = json.loads(path.read_text())
    for name in ("classes", "confused_pairs"):
        del document["summary"][name]
    path.write_text(json.dumps(document))
    loaded = es.AuditResult.load(tmp_path).summary
    assert (loaded.classes, loaded.confused_pairs) == ([], [])
    document["summary"]["classes"] = [{"number": 0}]
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match="the file is damaged"):
        es.AuditResult.load(tmp_path)
