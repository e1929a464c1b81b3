"""What an audit knows of its data, and what it then does not say."""

import json

import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.auditing.known_data import (
    KnownData,
    data_warnings,
    known_data,
    memorised,
    obstacle,
)
from earlysieve.errors import DataError, InputError

from .helpers import Net, Planted


@pytest.mark.parametrize("seen", [None, True, False])
@pytest.mark.parametrize("accuracy", [0.5, 0.989, 0.99, 1.0])
def test_what_a_model_may_have_learnt_by_heart(seen, accuracy):
    found = memorised(KnownData(seen), accuracy)
    if seen:
        assert found.startswith("The model was trained on these data and may have memorised")
    elif seen is None and accuracy >= 0.99:
        assert found.startswith("The model is right on nearly every example, as on data that it")
    else:
        assert found is None


def test_classes_of_one_example_are_named():
    few = obstacle(KnownData(lone_classes=("owl",)))
    assert few.startswith("1 class has one example only ('owl'), so that")
    many = KnownData(lone_classes=tuple(f"k{i}" for i in range(1200)))
    named = "1,200 classes have one example only ('k0', 'k1', 'k2', 'k3', 'k4' and 1195 more)"
    assert named in obstacle(many)
    assert data_warnings(many) == [f"{named}: its readout mistakes are no finding."]


def test_what_is_no_obstacle():
    assert obstacle(KnownData(seen_in_training=True)) is None
    assert obstacle(KnownData(readout_below_chance=True)).startswith(
        "The readout does worse than always giving the most frequent class"
    )
    assert data_warnings(KnownData()) == data_warnings(KnownData(seen_in_training=False)) == []


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
    assert seen.summary.verdict == "inconclusive"
    assert seen.summary.explanation.startswith("The model was trained on these data")
    with pytest.raises(InputError, match="Expected seen_in_training to be True, False or None"):
        es.audit(Net(), data, seen_in_training="yes")


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
