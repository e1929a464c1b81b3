from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import DataError, InputError
from earlysieve.fixing.candidates import NO_CHANGE
from earlysieve.fixing.holding_out import held_rows
from earlysieve.fixing.retraining import Recipe, as_recipe, reset
from earlysieve.training import TrainConfig
from tests.auditing.helpers import state_of

from .helpers import Leaning, Net, accuracy_on

QUICK = Recipe(TrainConfig(optimizer="adamw", lr=0.05, epochs=3, scheduler="cosine"))


def same(one, other):
    return all(torch.equal(one["state"][key], other["state"][key]) for key in one["state"])


def test_training_on_groups_of_the_audit_is_tried():
    model, held, train = Net(), Leaning(), Leaning(seed=3)
    before = state_of(model)
    result = es.fix(model, held_out=held, train=train, retrain=QUICK, progress=False)
    tried = result.candidates.set_index("candidate")
    assert {"balanced@audit", "group-dro@audit"} <= set(tried.index)
    assert (tried["failure"] == "").all()
    assert tried.loc["balanced@audit", "misled"] > tried.loc[NO_CHANGE, "misled"] + 0.3
    assert same(before, state_of(model))


def test_settings_that_choose_an_epoch_by_validation_are_left_out_and_a_note_says_so():
    config = replace(QUICK.config, patience=5, restore_best=True)
    lines: list[str] = []
    result = es.fix(
        Net(), held_out=Leaning(), train=Leaning(seed=3), retrain=config, progress=False,
        tell=lines.append,
    )  # fmt: skip
    tried = result.candidates.set_index("candidate")
    assert (tried["failure"] == "").all()
    plain = es.fix(Net(), held_out=Leaning(), train=Leaning(seed=3), retrain=QUICK, progress=False)
    # The same trainings as without these settings.
    same = plain.candidates.set_index("candidate")
    assert tried.loc["balanced@audit", "score"] == same.loc["balanced@audit", "score"]
    (note,) = [one for one in result.notes if "leaves out" in one]
    assert "patience and restore_best" in note
    assert "all 3 epochs" in note
    assert note in lines
    assert not any("leaves out" in one for one in plain.notes)


def test_trainings_that_all_fail_are_told_before_all_else():
    # At this rate the loss is soon not finite.
    config = replace(QUICK.config, lr=1e30, optimizer="sgd")
    result = es.fix(
        Net(), held_out=Leaning(), train=Leaning(seed=3), retrain=config, progress=False
    )
    tried = result.candidates.set_index("candidate")
    assert (tried.loc[["balanced@audit", "group-dro@audit"], "failure"] != "").all()
    assert result.explanation.startswith(
        "The whole network was not trained again: all 2 trainings failed. "
    )
    assert tried.loc["balanced@audit", "failure"] in result.explanation


def test_a_fifth_is_held_out_where_the_model_has_seen_everything():
    model, train = Net(), Leaning(3000, noise=1.5)
    result = es.fix(model, train=train, retrain=QUICK, progress=False)
    assert result.before.config["examples"] == 600
    assert result.changed
    fresh = Leaning(1000, 0.5, seed=1, noise=1.5)
    assert accuracy_on(result.model, fresh, fresh.minority) > 0.5
    assert "a plain network was trained anew on four fifths" in result.notes[-1]


def test_the_given_model_comes_back_where_no_training_is_better():
    model, train = Net(follow=False), Leaning(1000, minority=0.5)
    result = es.fix(model, train=train, retrain=QUICK, progress=False)
    assert result.model is model


def test_held_rows_are_a_fifth_of_each_class():
    labels = np.array([0] * 50 + [1] * 10)
    rows = held_rows(labels, seed=0)
    assert np.bincount(labels[rows]).tolist() == [10, 2]
    assert rows.tolist() == held_rows(labels, seed=0).tolist()
    assert rows.tolist() != held_rows(labels, seed=1).tolist()


def test_a_class_that_is_too_small_to_hold_out():
    with pytest.raises(DataError, match="at least 5 training examples .* class 1 has 4"):
        held_rows(np.array([0] * 50 + [1] * 4), seed=0)


def test_reset_draws_all_weights_anew_and_leaves_the_model():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    state = torch.random.get_rng_state()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    fresh = reset(model, seed=0)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert not torch.equal(fresh[0].weight, model[0].weight)
    assert torch.equal(fresh[3].weight, reset(model, seed=0)[3].weight)
    assert not torch.equal(fresh[3].weight, reset(model, seed=1)[3].weight)


def test_reset_refuses_weights_that_it_cannot_draw():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Parameter(torch.zeros(2))

    with pytest.raises(InputError, match="'table' belongs to one that cannot"):
        reset(Own(), seed=0)


def test_a_network_with_attention_is_retrained_at_a_smaller_rate():
    block = nn.TransformerEncoderLayer(500, 2, 16, batch_first=True)
    recipe = as_recipe(True, nn.Sequential(block, nn.Linear(500, 2)))
    assert recipe is not None
    assert (recipe.config.optimizer, recipe.config.lr, recipe.config.clip_norm) == (
        "adamw",
        1e-4,
        1.0,
    )
    usual = as_recipe(True, nn.Linear(8, 2))
    assert usual is not None
    assert (usual.config.lr, usual.config.clip_norm) == (1e-3, None)


def test_recipes():
    net = nn.Linear(2, 2)
    assert as_recipe(None, net) is None
    assert as_recipe(False, net) is None
    assert as_recipe(True, net) == Recipe()
    assert as_recipe(QUICK, net) is QUICK
    assert as_recipe(QUICK.config, net).config == QUICK.config
    with pytest.raises(InputError, match="Expected retrain to be True, a TrainConfig or a Recipe"):
        as_recipe("yes", net)
