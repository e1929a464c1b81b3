"""Features of the last layer that an audit keeps in its own pass, and that a fix takes."""

import json

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import DataError, InputError, OutputError
from earlysieve.repairing.features import LastFeatures, last_features

from .helpers import Leaning, Net


class Counting(Net):
    """Counts its examples."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def forward(self, x):
        self.seen += len(x)
        return super().forward(x)


def audited(model, data, folder, **more):
    return es.audit(
        model, data, keep_features=folder, seen_in_training=False, swaps=0, progress=False, **more
    )


@pytest.fixture
def kept(tmp_path):
    audited(Net(), Leaning(), tmp_path / "kept")
    return tmp_path / "kept"


def test_they_are_those_of_a_pass_of_their_own(kept):
    found, wanted = LastFeatures.load(kept), last_features(Net(), Leaning(), progress=False)
    for name in ("features", "logits", "labels", "index"):
        assert torch.equal(getattr(found, name), getattr(wanted, name))
    plain = ("identity", "layer", "linear", "has_bias", "weights", "groups")
    assert [getattr(found, n) for n in plain] == [getattr(wanted, n) for n in plain]


def test_no_further_pass_is_made_and_the_audit_is_the_same(tmp_path):
    model, other = Counting(), Counting()
    with_features = audited(model, Leaning(), tmp_path / "kept")
    without = es.audit(other, Leaning(), seen_in_training=False, swaps=0, progress=False)
    assert with_features.identity == without.identity
    assert other.seen <= model.seen <= other.seen + 10


def test_the_size_is_said_first(tmp_path):
    said = []
    audited(Net(), Leaning(), tmp_path / "kept", tell=said.append)
    assert said[0].startswith(
        "Features of the last layer, 6 numbers of 800 examples, will take 0.0"
    )


def test_a_last_layer_that_is_not_linear_is_refused_before_the_pass(tmp_path):
    model = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2), nn.ReLU())
    with torch.no_grad():
        model[2].bias.fill_(-1.0)  # some logits are cut off
    with pytest.raises(InputError, match="Expected a last layer torch.nn.Linear"):
        audited(model, Leaning(), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "kept").write_text("")
    with pytest.raises(OutputError, match="Expected an output folder"):
        audited(Net(), Leaning(), tmp_path / "kept")


def test_a_fix_takes_them(kept):
    model, other = Counting(), Counting()
    given = es.fix(model, held_out=Leaning(), features=kept, budget="1trial", progress=False)
    usual = es.fix(other, held_out=Leaning(), budget="1trial", progress=False)
    assert model.seen < other.seen - 700
    assert given.chosen == usual.chosen
    assert torch.equal(given.model.head.weight, usual.model.head.weight)


@pytest.mark.parametrize("other", ["model", "size", "inputs", "layer"])
def test_those_of_others_are_refused(kept, other):
    model, data, features = Net(), Leaning(), kept
    if other == "model":
        with torch.no_grad():
            model.first.bias += 1e-3
    elif other == "layer":
        features = last_features(model, data, layer="first", progress=False)
    else:
        data = Leaning(700) if other == "size" else Leaning(seed=4)
    with pytest.raises(DataError, match="Expected features of"):
        es.fix(model, held_out=data, features=features, progress=False)


def test_damaged_ones_are_refused(kept):
    file = kept / "last-features.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "weights": 3}))
    with pytest.raises(DataError, match="cannot be read"):
        es.fix(Net(), held_out=Leaning(), features=kept, progress=False)


def test_without_held_out_data_they_are_of_nothing(kept):
    with pytest.raises(InputError, match="Expected held_out with features"):
        es.fix(Net(), train=Leaning(), retrain=True, features=kept, progress=False)
