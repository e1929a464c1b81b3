"""An audit leaves everything as it was, bit for bit."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

import earlysieve as es
from earlysieve.errors import InputError

from ..model.architectures import cnn
from .helpers import Net, Pictures, Planted, same, state_of

OPTIONS = {"folds": 2, "pictures": 2, "heatmaps": 2}


def network():
    """In training mode but for one layer, partly frozen, with gradients and random numbers."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(*cnn()[:9], nn.Dropout(0.5), nn.Linear(8, 2)).train()
    model[1].eval()
    model[0].weight.requires_grad_(False)
    model(Pictures(4).x).sum().backward()
    return model


@pytest.mark.parametrize("head", ["linear", "mlp", "statistics", "conv"])
def test_after_success_with_pictures_and_heatmaps(head):
    pytest.importorskip("captum")
    model, data = network(), Pictures()
    torch.manual_seed(11)
    before = state_of(model)
    result = es.audit(model, data, layers=["2", "4"], head=head, **OPTIONS)
    assert same(state_of(model), before)
    assert result.notes == []
    assert len({p.index for p in result.pictures}) == len(result.pictures)
    assert [p.heatmap is not None for p in result.pictures].count(True) == 2


@pytest.mark.parametrize("stage", ["data", "model", "labels"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_exception_in_the_middle(stage, error):
    class Failing(Dataset):
        def __len__(self):
            return 40

        def __getitem__(self, i):
            if stage == "data" and i == 25:
                raise error("no")
            return torch.rand(3, 8, 8), i % 2 if stage != "labels" or i < 25 else 7

    model = network()
    calls = []

    def fail(_module, _args):
        calls.append(1)
        if stage == "model" and len(calls) == 4:
            raise error("no")

    model[5].register_forward_pre_hook(fail)
    before = state_of(model)
    expected = InputError if stage == "labels" else error
    with pytest.raises(expected):
        es.audit(model, Failing(), batch_size=8, **OPTIONS)
    assert same(state_of(model), before)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("place", ["read_out", "take_pictures"])
def test_after_an_exception_behind_the_pass(monkeypatch, place, error):
    def fail(*_args, **_options):
        torch.rand(3)
        raise error("no")

    monkeypatch.setattr(f"earlysieve.auditing.examine.{place}", fail)
    model = network()
    before = state_of(model)
    with pytest.raises(error):
        es.audit(model, Pictures(), **OPTIONS)
    assert same(state_of(model), before)


def test_the_generator_of_a_loader_and_its_next_shuffling():
    data = Planted(60)
    generator = torch.Generator().manual_seed(3)
    loader = DataLoader(data, 16, shuffle=True, generator=generator)
    before = generator.get_state()
    es.audit(Net(), loader, folds=2, pictures=2)
    assert torch.equal(generator.get_state(), before)


def test_auditing_twice_gives_the_same_and_seeds_nothing():
    model, data = Net(), Planted()
    torch.manual_seed(1)
    first = es.audit(model, data, head="mlp", folds=2, pictures=0)
    torch.manual_seed(2)
    second = es.audit(model, data, head="mlp", folds=2, pictures=0)
    assert first.examples.equals(second.examples)
    assert first.layers.equals(second.layers)
    other = es.audit(model, data, head="mlp", folds=2, pictures=0, seed=1)
    assert not first.examples.equals(other.examples)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("head", ["linear", "mlp"])
def test_inside_a_mode_of_the_caller(mode, head):
    model, data = network(), Pictures()
    plain = es.audit(model, data, layers=["2", "4"], head=head, **OPTIONS)
    with mode():
        inside = es.audit(model, data, layers=["2", "4"], head=head, **OPTIONS)
    assert inside.examples.equals(plain.examples)
    assert inside.notes == []


def test_files_beyond_the_memory_budget_change_nothing():
    model, data = Net(), Planted()
    plain = es.audit(model, data, folds=3, pictures=0, batch_size=16)
    small = es.audit(model, data, folds=3, pictures=0, batch_size=16, memory_budget=1000)
    assert small.examples.equals(plain.examples)
    assert small.layers.equals(plain.layers)


def test_nothing_is_drawn_where_no_terminal_is(capfd):
    es.audit(Net(), Planted(60), folds=2, pictures=0)
    assert capfd.readouterr() == ("", "")
    es.audit(Net(), Planted(60), folds=2, pictures=0, progress=True)
    assert capfd.readouterr().out == ""
