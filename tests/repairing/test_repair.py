import copy
import json
import random

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.datasets.example_groups import Groups, data_identity
from earlysieve.errors import DataError, InputError, OutputError
from earlysieve.repairing.features import LastFeatures, last_features
from earlysieve.repairing.fitting import cross_fitted_logits, fit_last_layer, repair_folds
from earlysieve.repairing.linear_map import LinearMap
from earlysieve.repairing.registry import REPAIR_METHODS
from tests.repairing import problems
from tests.repairing.test_last_layer import Convolutional


class Net(nn.Module):
    """A network with BatchNorm and dropout, in part of which is in evaluation mode."""

    def __init__(self, bias=True):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5))
        self.head = nn.Linear(8, 3, bias=bias)

    def forward(self, x):
        return self.head(self.body(x))


def net(**options):
    torch.manual_seed(3)
    model = Net(**options).train()
    model.body[1].eval()
    return model


def data(n=90):
    p = problems.problem(n)
    return [(p.features[i], int(p.labels[i]), int(p.groups[i])) for i in range(n)]


def state(model):
    return {key: value.clone() for key, value in model.state_dict().items()}


def same(a, b):
    return list(a) == list(b) and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("method", REPAIR_METHODS)
def test_a_repair_changes_the_last_layer_alone_and_of_a_copy(method):
    model = net()
    before, modes = state(model), [m.training for m in model.modules()]
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    new = es.repair(model, data(), method=method, progress=False)
    assert same(state(model), before)
    assert [m.training for m in model.modules()] == modes == [m.training for m in new.modules()]
    assert torch.equal(states[0], torch.get_rng_state())
    assert (states[1] == np.random.get_state()[1]).all()
    assert states[2] == random.getstate()
    assert type(new) is Net
    after = state(new)
    assert list(after) == list(before)
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed == {"head.weight", "head.bias"}
    assert after["head.weight"].dtype == torch.float32
    pairs = zip(model.parameters(), new.parameters(), strict=True)
    assert not any(a.data_ptr() == b.data_ptr() for a, b in pairs)


def test_a_repair_is_the_fit_on_the_features_of_evaluation_mode():
    model, examples = net(), data()
    new = es.repair(model, examples, progress=False)
    model.eval()
    x = torch.stack([row[0] for row in examples])
    with torch.no_grad():
        features = model.body(x)
    found = last_features(model, examples, progress=False)
    assert torch.allclose(found.features, features, atol=1e-6)
    assert torch.allclose(found.logits, model(x), atol=1e-6)
    assert found.groups.tolist() == [row[2] for row in examples]
    assert found.index.tolist() == list(range(90))
    layer = fit_last_layer(found, (model.head.weight, model.head.bias), "dfr")
    assert torch.equal(layer.weight, new.head.weight)
    assert torch.equal(layer.bias, new.head.bias)
    again = es.repair(model, examples, features=found, progress=False)
    assert torch.equal(again.head.weight, new.head.weight)


def test_a_huge_pull_gives_the_same_network():
    model = net()
    new = es.repair(model, data(), method="afr", settings={"pull": 1e12}, progress=False)
    assert same(state(model), state(new))


def test_repair_helps_where_the_cue_misleads():
    torch.manual_seed(0)
    n, held = 4000, 1000

    def draw(n, share):
        labels = torch.randint(0, 2, (n,))
        cue = torch.where(torch.rand(n) < share, labels, 1 - labels)
        sign = torch.stack([2 * labels - 1, 2 * cue - 1], 1).float()
        return sign + torch.tensor([1.0, 0.1]) * torch.randn(n, 2), labels, (cue != labels).long()

    x, y, _ = draw(n, 0.97)
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    held_out = [tuple(row) for row in zip(*draw(held, 0.9), strict=True)]
    test, labels, misled = draw(2000, 0.5)

    def worst(network):
        right = network(test).argmax(1) == labels
        return min(float(right[misled == g].double().mean()) for g in (0, 1))

    for method, gain in (("dfr", 0.3), ("afr", 0.2)):
        assert (
            worst(es.repair(model, held_out, method=method, progress=False)) > worst(model) + gain
        )


def test_a_layer_without_bias_gets_none():
    new = es.repair(net(bias=False), data(), method="crt", progress=False)
    assert new.head.bias is None


def test_other_precisions_stay():
    model = net().double()
    new = es.repair(model, data(), method="crt", progress=False)
    assert new.head.weight.dtype == torch.float64


def test_wrappers_are_left_off():
    model = nn.DataParallel(net())
    new = es.repair(model, data(), method="crt", progress=False)
    assert type(new) is Net
    assert torch.equal(new.head.weight, es.repair(model.module, data(), method="crt").head.weight)


def images(n=60):
    generator = torch.Generator().manual_seed(0)
    return [
        (torch.randn(3, 6, 6, generator=generator) + (i % 3), i % 3, (i // 3) % 2) for i in range(n)
    ]


def test_a_last_layer_that_is_not_linear():
    model = Convolutional()
    with pytest.raises(InputError, match="layer='head'"):
        es.repair(model, images(), progress=False)
    new = es.repair(model, images(), layer="head", progress=False)
    assert isinstance(new, es.RepairedClassifier)
    assert new.training
    right = [int(new(x[None]).argmax()) == y for x, y, _ in images()]
    assert sum(right) > 50
    with pytest.raises(InputError, match="the model has none; use another method"):
        es.repair(model, images(), layer="head", method="afr", progress=False)


def test_groups():
    examples = data()
    numbers = torch.tensor([row[2] for row in examples])
    plain = es.repair(net(), examples, progress=False)
    whose = data_identity(examples)
    for groups in (numbers, numbers.numpy(), Groups(numbers), Groups(numbers, identity=whose)):
        new = es.repair(net(), examples, groups=groups, progress=False)
        assert torch.equal(new.head.weight, plain.head.weight)
    ungrouped = [row[:2] for row in examples]
    with pytest.raises(InputError, match="Expected groups for the method 'dfr', but got none"):
        es.repair(net(), ungrouped, progress=False)
    with pytest.raises(InputError, match="Expected groups of 90 examples, but got 89"):
        es.repair(net(), ungrouped, groups=numbers[1:], progress=False)
    with pytest.raises(DataError, match="they are of others"):
        es.repair(net(), ungrouped, groups=Groups(numbers, identity="0"), progress=False)


def perfect(n=240):
    """Data that a network is always right on."""
    model = nn.Sequential(nn.Linear(4, 3))
    x = torch.randn(n, 4, generator=torch.Generator().manual_seed(0))
    labels = model(x).argmax(1)
    return model, [(x[i], int(labels[i]), i % 2) for i in range(n)]


def test_data_that_were_seen_in_training():
    torch.manual_seed(0)
    model, examples = perfect()
    options = {"method": "crt", "progress": False}
    with pytest.raises(InputError, match="it is right on 100.0% of these, .* seen_in_training=Fal"):
        es.repair(model, examples, **options)
    with pytest.raises(InputError, match="but it was trained on these"):
        es.repair(model, examples[:50], seen_in_training=True, **options)
    es.repair(model, examples, seen_in_training=False, **options)
    es.repair(model, examples[:150], **options)


def test_bad_arguments():
    model, examples = net(), data()
    broken = [(row[0] * torch.nan, *row[1:]) for row in examples]
    for given, options, message in (
        (lambda x: x, {}, "to be a torch.nn.Module, but got function"),
        (model, {"method": "dfrr"}, "but got 'dfrr'; did you mean dfr"),
        (model, {"settings": {"strength": -1}}, "Expected strength to be a number above 0"),
        (model, {"settings": {"pull": 1}}, "but got 'pull'"),
    ):
        with pytest.raises(InputError, match=message):
            es.repair(given, examples, progress=False, **options)
    with pytest.raises(InputError, match="Expected finite logits, but got NaN or infinity for the"):
        es.repair(model, broken, progress=False)
    with pytest.raises(InputError, match="Expected finite features, but got NaN or .* example 40"):
        es.repair(model, [*examples[:40], *broken[40:]], progress=False)
    with pytest.raises(InputError, match="Expected features of these data, but got those of other"):
        es.repair(model, examples, features=problems.last_features(60), progress=False)


def test_a_model_that_cannot_be_copied():
    model = net()
    model.kept = model.head.weight * 2  # not a leaf
    with pytest.raises(InputError, match="Expected a model that can be copied, but copying Net"):
        es.repair(model, data(), progress=False)


def test_large_features_are_said_first(monkeypatch):
    monkeypatch.setattr("earlysieve.repairing.features.SAID_ABOVE", 100)
    lines = []
    es.repair(net(), data(), tell=lines.append, progress=False)
    assert lines == [
        "Features of 90 examples, 8 numbers each, take 0.0 GB of memory; fewer examples take less."
    ]


def test_cross_fitted_logits_are_of_layers_that_have_not_seen_the_example():
    features, old = problems.last_features(), problems.layer()
    logits = cross_fitted_logits(features, old, "dfr", folds=4)
    fold_of = repair_folds(features, folds=4)
    for fold in range(4):
        rows = (fold_of != fold).nonzero().squeeze(1)
        layer = fit_last_layer(features, old, "dfr", rows=rows)
        expected = layer(features.features[fold_of == fold])
        assert torch.equal(logits[fold_of == fold], expected)
    pairs = 2 * features.labels + features.groups
    counts = torch.stack([pairs[fold_of == f].bincount(minlength=6) for f in range(4)])
    assert (counts.max(0).values - counts.min(0).values).max() <= 1
    with pytest.raises(InputError, match="Expected at least 2 folds, but got 1"):
        cross_fitted_logits(features, old, "dfr", folds=1)


def test_a_fold_that_cannot_be_fitted_is_named():
    features = problems.last_features()
    groups = (torch.arange(120) < 18).long()
    with pytest.raises(InputError, match="Without fold 1 of 5: Expected at least 6 examples"):
        cross_fitted_logits(features, problems.layer(), "dfr", {"min_group": 6}, groups)


def test_an_old_layer_of_another_size():
    with pytest.raises(InputError, match="Expected the weight of the old layer of shape"):
        fit_last_layer(problems.last_features(), problems.layer(5), "crt")
    old = LinearMap(*(x.half() for x in problems.layer()))
    assert fit_last_layer(problems.last_features(), old, "crt").weight.dtype == torch.float16


def test_features_in_a_folder(tmp_path):
    found = last_features(net(), data(), progress=False)
    found.save(tmp_path)
    loaded = LastFeatures.load(tmp_path)
    for name, value in vars(found).items():
        other = getattr(loaded, name)
        assert torch.equal(value, other) if isinstance(value, torch.Tensor) else value == other
    assert loaded.accuracy == found.accuracy
    loaded.check(data())
    other = last_features(net(), [row[:2] for row in data(60)], progress=False)
    other.save(tmp_path)
    assert len(LastFeatures.load(tmp_path)) == 60
    assert LastFeatures.load(tmp_path).groups is None
    assert len(list(tmp_path.iterdir())) == 5


def test_an_interrupted_saving_leaves_the_old_features(tmp_path, monkeypatch):
    found = last_features(net(), data(), progress=False)
    found.save(tmp_path)
    monkeypatch.setattr("earlysieve.repairing.features_folder.write_text", _fail)
    with pytest.raises(OutputError):
        last_features(net(), data(60), progress=False).save(tmp_path)
    assert len(LastFeatures.load(tmp_path)) == 90


def _fail(*_):
    raise OutputError("no space")


def test_damaged_folders(tmp_path):
    with pytest.raises(DataError, match="but there are none; make them with LastFeatures.save"):
        LastFeatures.load(tmp_path)
    last_features(net(), data(), progress=False).save(tmp_path)
    file = tmp_path / "last-features.json"
    good = json.loads(file.read_text())
    evil = copy.deepcopy(good)
    evil["files"]["labels"] = "../labels.npy"
    wrong = copy.deepcopy(good)
    wrong["files"]["labels"] = good["files"]["logits"]
    for content in (evil, wrong, {**good, "format": 9}, {**good, "layer": 3}, {}, [], 3):
        file.write_text(json.dumps(content))
        with pytest.raises(DataError, match="but they cannot be read: "):
            LastFeatures.load(tmp_path)
    file.write_text(json.dumps(good))
    array = tmp_path / good["files"]["labels"]
    np.save(array, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="but they cannot be read: Object arrays cannot be loaded"):
        LastFeatures.load(tmp_path)
    array.write_bytes(b"")
    with pytest.raises(DataError, match="but they cannot be read: "):
        LastFeatures.load(tmp_path)
