"""An audit that was stopped goes on, and ends bit for bit as if nobody had stopped it."""

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.auditing import examine, kept_answers
from earlysieve.repairing.features import LastFeatures

from .helpers import Pictures

MIDDLE = 18  # among the swaps, after the pass
OPTIONS = {"folds": 2, "pictures": 2, "heatmaps": 0, "batch_size": 8, "swaps": 60}


class Asked(nn.Module):
    """A network that counts how often it is asked, and is killed at one of the calls."""

    def __init__(self, *, stop_at=None, seed=0, scale=1.0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.body = nn.Sequential(
                nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Flatten(),
                nn.Linear(64, 2),
            )  # fmt: skip
        self.calls, self.stop_at, self.scale = 0, stop_at, scale

    def forward(self, x):
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        return self.scale * self.body(x)


@pytest.fixture
def at_once(monkeypatch):
    """Every answer is written as soon as it is there."""
    monkeypatch.setattr(kept_answers, "EVERY", 0.0)


def audit(model, data, folder=None, **more):
    return es.audit(model, data, resume_dir=folder, progress=False, **{**OPTIONS, **more})


def stopped(folder, data, stop_at, **more):
    with pytest.raises(KeyboardInterrupt):
        audit(Asked(stop_at=stop_at), data, folder, **more)
    assert list(folder.rglob("*.pt"))


@pytest.mark.parametrize("share", [0.4, 0.6, 0.95])
def test_it_goes_on_and_ends_as_if_nobody_had_stopped_it(tmp_path, at_once, share):
    data, whole = Pictures(80), Asked()
    once = audit(whole, data)
    folder, stop_at = tmp_path / "parts", int(share * whole.calls)
    stopped(folder, data, stop_at)
    again, said = Asked(), []
    found = audit(again, data, folder, tell=said.append)
    assert found.identity == once.identity
    assert again.calls <= whole.calls - stop_at + 12  # what tries two examples, and first answers
    assert any("Going on with an audit that was stopped" in line for line in said)
    assert not folder.exists()


def test_it_may_be_stopped_twice(tmp_path, at_once):
    data, whole = Pictures(80), Asked()
    once = audit(whole, data)
    stopped(tmp_path / "parts", data, whole.calls // 2)
    stopped(tmp_path / "parts", data, 11)
    assert audit(Asked(), data, tmp_path / "parts").identity == once.identity


def test_readouts_are_not_fitted_again(tmp_path, at_once, monkeypatch):
    data, whole = Pictures(80), Asked()
    once = audit(whole, data, head="mlp")
    stopped(tmp_path / "parts", data, whole.calls - 1, head="mlp")
    monkeypatch.setattr(examine, "read_out", None)
    assert audit(Asked(), data, tmp_path / "parts", head="mlp").identity == once.identity


@pytest.mark.parametrize(
    ("model", "more"),
    [({"seed": 1}, {}), ({"scale": 0.5}, {}), ({}, {"folds": 3}), ({}, {"batch_size": 10})],
    ids=["weights", "behaviour", "folds", "batches"],
)
def test_parts_of_another_model_or_of_other_settings_are_not_used(tmp_path, at_once, model, more):
    data = Pictures(80)
    stopped(tmp_path / "parts", data, MIDDLE)
    found = audit(Asked(**model), data, tmp_path / "parts", **more)
    assert found.identity == audit(Asked(**model), data, **more).identity
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize("place", ["inputs", "labels"])
def test_parts_of_other_data_are_not_used_from_where_these_differ(tmp_path, at_once, place):
    data, other = Pictures(80), Pictures(80)
    if place == "inputs":
        other.x[30] += 0.1
    else:
        other.labels[30] = 1 - other.labels[30]
    stopped(tmp_path / "parts", data, MIDDLE)
    assert audit(Asked(), other, tmp_path / "parts").identity == audit(Asked(), other).identity


def test_with_a_reference(tmp_path, at_once, monkeypatch):
    class Other(Pictures):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            return 0.9 * x, y

    data, other, whole = Pictures(80), Other(60), Asked()
    once = audit(whole, data, reference=other)
    stopped(tmp_path / "parts", data, whole.calls - 1, reference=other)
    monkeypatch.setattr("earlysieve.auditing.reference.read_across", None)
    found = audit(Asked(), data, tmp_path / "parts", reference=other)
    assert found.identity == once.identity


def test_features_that_are_kept_besides_are_those_of_all_examples(tmp_path, at_once):
    data = Pictures(80)
    stopped(tmp_path / "parts", data, MIDDLE, keep_features=tmp_path / "none")
    assert not (tmp_path / "none").exists()
    whole = audit(Asked(), data, keep_features=tmp_path / "whole")
    again = Asked()
    found = audit(again, data, tmp_path / "parts", keep_features=tmp_path / "again")
    assert found.identity == whole.identity
    one, other = (LastFeatures.load(tmp_path / name) for name in ("whole", "again"))
    assert torch.equal(one.features, other.features)
    assert torch.equal(one.index, other.index)


def test_a_damaged_part_is_made_again(tmp_path, at_once):
    data = Pictures(80)
    stopped(tmp_path / "parts", data, MIDDLE)
    second = sorted((tmp_path / "parts").rglob("pass-*.pt"))[1]
    second.write_bytes(second.read_bytes()[:-40])
    assert audit(Asked(), data, tmp_path / "parts").identity == audit(Asked(), data).identity


def test_a_short_audit_writes_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        audit(Asked(stop_at=MIDDLE), Pictures(80), tmp_path / "parts")
    assert not (tmp_path / "parts").exists()
