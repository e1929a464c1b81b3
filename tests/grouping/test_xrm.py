import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset

import earlysieve as es
from earlysieve.datasets.opened_data import opened
from earlysieve.errors import DataError, InputError, LayerError
from earlysieve.grouping import kept_examples
from earlysieve.grouping.kept_examples import keep_examples
from earlysieve.grouping.small_network import seen_from_afar, small_network
from earlysieve.grouping.xrm import groups_from_xrm


def table(
    count: int = 400, share: float = 0.9, seed: int = 0
) -> tuple[TensorDataset, torch.Tensor]:
    """Two classes, one column that tells them with noise, one cue that is right in `share`."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (count,), generator=generator)
    fails = torch.rand(count, generator=generator) >= share
    cue = torch.where(fails, 1 - labels, labels)
    noise = torch.randn(count, 8, generator=generator)
    noise[:, 0] += 0.7 * (2 * labels - 1)
    noise[:, 1] = 4.0 * (2 * cue - 1)
    return TensorDataset(noise, labels), fails


@pytest.mark.parametrize("twins", ["small", "features"])
def test_exceptions_to_a_cue_are_suspects(twins):
    data, fails = table()
    found = es.infer_groups("xrm", data=data, twins=twins)
    hit = (found.suspects & fails).sum() / found.suspects.sum()
    assert hit > 0.8
    assert (found.suspects & fails).sum() / fails.sum() > 0.8
    assert found.source == "xrm"
    assert torch.equal(found.numbers, 2 * data.tensors[1] + found.suspects)
    assert ((found.weights >= 0.5) >= found.suspects).all(), "suspects are told less than half"
    found.check(data)


def test_the_same_seed_gives_the_same_groups_and_global_states_stay():
    data, _ = table(120)
    torch.manual_seed(5)
    before = (torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate())
    first = groups_from_xrm(data, epochs=1, seed=4)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]
    torch.manual_seed(6)
    again = groups_from_xrm(data, epochs=1, seed=4)
    assert torch.equal(first.weights, again.weights)
    assert not torch.equal(first.weights, groups_from_xrm(data, epochs=1, seed=5).weights)


def test_the_draw_with_the_most_flips_wins():
    data, _ = table(120)
    found = groups_from_xrm(data, epochs=2, draws=3)
    rates = found.config["flip_rates"]
    assert len(rates) == 3
    assert len(set(rates)) > 1
    assert found.config["flip_rate"] == max(rates)


def test_examples_read_anew_give_the_same_groups(monkeypatch):
    data, _ = table(120)
    held = groups_from_xrm(data, epochs=1)
    monkeypatch.setattr(kept_examples, "BUDGET", 100)
    assert torch.equal(groups_from_xrm(data, epochs=1).weights, held.weights)


def test_features_of_a_model_that_is_left_as_it_was():
    data, _ = table(120)
    model = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).train()
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    groups_from_xrm(data, model=model, twins="features", epochs=1)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [part.training for part in model] == [True, False, True, True]
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


def test_a_network_of_ones_own():
    data, _ = table(120)
    found = groups_from_xrm(data, build=lambda: nn.Linear(8, 2), epochs=1)
    assert len(found) == 120


def pictures(size: tuple[int, int] = (8, 8)) -> list[tuple[torch.Tensor, int]]:
    generator = torch.Generator().manual_seed(0)
    return [(torch.randn(3, *size, generator=generator), k % 2) for k in range(24)]


def texts() -> list[tuple[dict[str, torch.Tensor], int]]:
    generator = torch.Generator().manual_seed(0)
    made = []
    for k in range(24):
        tokens = torch.randint(1, 30, (3 + k % 4,), generator=generator)
        given = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
        made.append(({**given, "token_type_ids": torch.zeros_like(tokens)}, k % 2))
    return made


@pytest.mark.parametrize("data", [pictures(), pictures((3, 70)), texts()])
def test_networks_for_pictures_and_texts(data):
    assert len(groups_from_xrm(data, epochs=1)) == 24


def test_large_pictures_are_seen_from_afar():
    image = torch.arange(128.0).repeat(1, 1, 32, 1)
    found = seen_from_afar(image)
    assert tuple(found.shape) == (1, 1, 16, 64)
    assert found[0, 0, 0, :2].tolist() == [0.5, 2.5]
    small = torch.zeros(1, 3, 64, 64)
    assert seen_from_afar(small) is small


def test_data_are_read_once_where_they_fit():
    class Counted(torch.utils.data.Dataset):
        reads = 0

        def __len__(self):
            return 30

        def __getitem__(self, index):
            Counted.reads += 1
            return torch.full((4,), float(index)), index % 2

    kept = keep_examples(opened(Counted()), prepare=lambda inputs: inputs)
    for _ in range(3):
        list(kept.batches([range(30)], key=(0,)))
    assert Counted.reads == 30


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"twins": "big"}, 'Expected twins "small" or "features"'),
        ({"draws": 0}, "Expected at least one draw"),
        ({"epochs": 0}, "Expected epochs >= 1"),
        ({"seed": -1}, "Expected seed to be 0 or more"),
        ({"twin": 1}, "Expected settings of 'xrm', which are twins, build"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(InputError, match=message):
        es.infer_groups("xrm", data=table(20)[0], **settings)


def test_bad_data():
    data, _ = table(20)
    with pytest.raises(DataError, match="Expected examples of two classes or more"):
        groups_from_xrm([(torch.zeros(2), 1)] * 4)
    with pytest.raises(InputError, match="no length|length and indices|data set with a length"):
        groups_from_xrm(iter([(torch.zeros(2, 2), torch.tensor([0, 1]))]))
    loader = DataLoader(data, sampler=SubsetRandomSampler([0, 1, 2]))
    with pytest.raises(InputError, match="DataLoader without a sampler of its own"):
        groups_from_xrm(loader)
    with pytest.raises(InputError, match="pass build="):
        groups_from_xrm([((torch.zeros(2), torch.zeros(3)), k % 2) for k in range(4)])
    with pytest.raises(InputError, match="a mapping of words.*pass build="):
        groups_from_xrm([({"words": torch.ones(3)}, k % 2) for k in range(4)])
    with pytest.raises(InputError, match='Expected a model with twins="features"'):
        groups_from_xrm(pictures(), twins="features")
    with pytest.raises(LayerError, match="logits come from a linear layer"):
        groups_from_xrm(data, twins="features", model=nn.BatchNorm1d(8))


def test_a_network_is_new_each_time():
    kept = keep_examples(opened(pictures()), prepare=seen_from_afar)
    make = small_network(kept)
    assert make() is not make()


@pytest.mark.parametrize("twins", ["small", "features"])
def test_what_is_not_finite_is_refused(twins):
    x, labels = torch.randn(40, 3), torch.arange(40) % 2
    x[7, 1] = float("nan")
    with pytest.raises(InputError, match=r"Expected finite .* example 7"):
        groups_from_xrm(TensorDataset(x, labels), twins=twins, progress=False)
