"""BatchNorm statistics computed anew, by hand and without a trace elsewhere."""

import copy

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.errors import DataError, InputError
from earlysieve.training.sampling import EpochSampler


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=0.01), nn.Dropout(0.5), nn.Linear(4, 2)
    )


def data(count=30):
    generator = torch.Generator().manual_seed(1)
    # Sorted by class, as folders are: batches in this order would not be like those of training.
    labels = torch.arange(count) * 2 // count
    return TensorDataset(torch.randn(count, 3, generator=generator) + 3 * labels[:, None], labels)


def test_statistics_are_the_means_of_batch_statistics():
    model, examples = network(), data()
    assert es.refresh_statistics(model, examples, batch_size=10, seed=3) == 1
    order = EpochSampler(30, 10, seed=3).batches(0)
    seen = torch.stack([model[0](examples.tensors[0][rows]) for rows in order])
    assert torch.allclose(model[1].running_mean, seen.mean((0, 1)), atol=1e-5)
    assert torch.allclose(model[1].running_var, seen.var(1).mean(0), atol=1e-5)


@pytest.mark.parametrize("count", [31, 33, 39])
def test_a_short_last_batch_counts_by_its_size(count):
    model, examples = network(), data(count)
    es.refresh_statistics(model, examples, batch_size=10, seed=3)
    order = EpochSampler(count, 10, seed=3).batches(0)
    used = model[0](examples.tensors[0])
    assert torch.allclose(model[1].running_mean, used.mean(0), atol=1e-5)
    each = [(len(rows), model[0](examples.tensors[0][rows]).var(0)) for rows in order]
    expected = sum(size * value for size, value in each) / len(used)
    assert torch.allclose(model[1].running_var, expected, atol=1e-5)


def test_two_layers_and_images_against_training_passes():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2)
    )
    model.append(nn.Flatten())
    images = torch.randn(12, 1, 6, 6)
    oracle = copy.deepcopy(model).train()
    for layer in (oracle[1], oracle[4]):
        layer.momentum = 1.0
    oracle(images)
    es.refresh_statistics(model, TensorDataset(images, torch.zeros(12).long()), batch_size=12)
    for place in (1, 4):
        assert torch.allclose(model[place].running_mean, oracle[place].running_mean, atol=1e-5)
        assert torch.allclose(model[place].running_var, oracle[place].running_var, atol=1e-5)


def test_nothing_else_changes():
    model = network().train()
    model[2].eval()
    before = {k: v.clone() for k, v in model.state_dict().items() if "running" not in k}
    modes = [m.training for m in model.modules()]
    state = torch.get_rng_state()
    es.refresh_statistics(model, data(), batch_size=7)
    after = model.state_dict()
    assert all(torch.equal(after[k], v) for k, v in before.items() if "tracked" not in k)
    assert [m.training for m in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert model[1].momentum == 0.01


def test_the_same_seed_gives_the_same_bits():
    models = [network(), network()]
    for model in models:
        es.refresh_statistics(model, data(), batch_size=8, seed=5)
    assert torch.equal(models[0][1].running_var, models[1][1].running_var)


def test_few_batches_are_enough_if_asked_for():
    model, whole = network(), network()
    es.refresh_statistics(model, data(), batch_size=10, most_batches=1)
    es.refresh_statistics(whole, data(), batch_size=10)
    assert int(model[1].num_batches_tracked) == 1
    assert not torch.equal(model[1].running_mean, whole[1].running_mean)


def test_a_failure_gives_the_old_statistics_back():
    model = network()
    model(torch.randn(8, 3))
    before = copy.deepcopy(model.state_dict())
    wrong = [(torch.randn(3), 0)] * 10 + [(torch.randn(5), 0)] * 10
    with pytest.raises((InputError, RuntimeError)):
        es.refresh_statistics(model, wrong, batch_size=5)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model[1].momentum == 0.01


def test_a_network_without_batchnorm_reads_no_data():
    assert es.refresh_statistics(nn.Linear(2, 2), []) == 0
    plain = nn.Sequential(nn.BatchNorm1d(2, track_running_stats=False))
    assert es.refresh_statistics(plain, []) == 0


@pytest.mark.parametrize("wrong", [{"batch_size": 1}, {"most_batches": 0}])
def test_numbers_out_of_range(wrong):
    with pytest.raises(InputError, match="several examples"):
        es.refresh_statistics(network(), data(), **wrong)


def test_no_data():
    with pytest.raises(DataError, match="at least one example"):
        es.refresh_statistics(network(), TensorDataset(torch.zeros(0, 3), torch.zeros(0).long()))


def test_one_example_has_no_statistics():
    with pytest.raises(DataError, match="at least two examples .* but got 1;"):
        es.refresh_statistics(network(), data(1))


def test_fit_leaves_frozen_layers_alone_and_refuses_batches_of_one():
    model = network().train()
    model[1].eval()
    before = model[1].running_mean.clone()
    run(model, None, refresh_batches=3)
    assert torch.equal(model[1].running_mean, before)
    with pytest.raises(InputError, match="^Expected a batch_size of at least 2 for refresh"):
        run(network(), None, refresh_batches=3, batch_size=1)


def run(model, folder, epochs=2, batch_size=8, **options):
    from earlysieve.training import ERM, fit

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return fit(
        ERM(model, optimizer),
        data(),
        epochs=epochs,
        batch_size=batch_size,
        checkpoint_dir=folder,
        progress=False,
        **options,
    )


def test_fit_refreshes_before_each_evaluation_and_changes_no_parameter(tmp_path):
    fresh, stale = network(), network()
    run(stale, None)
    seen = []

    def watch(event):
        if event.kind == "evaluation":
            seen.append(int(fresh[1].num_batches_tracked))

    run(fresh, None, refresh_batches=3, validation=data(), on_event=watch)
    assert seen == [3, 3]
    assert torch.equal(fresh[0].weight, stale[0].weight)
    assert not torch.equal(fresh[1].running_mean, stale[1].running_mean)


def test_fit_goes_on_exactly_with_refreshed_statistics(tmp_path):
    def interrupt(event):
        if event.kind == "epoch" and event.epoch == 1:
            raise KeyboardInterrupt

    whole, parts = network(), network()
    run(whole, None, refresh_batches=2)
    with pytest.raises(KeyboardInterrupt):
        run(parts, tmp_path, refresh_batches=2, on_event=interrupt)
    run(parts, tmp_path, refresh_batches=2)
    for name, value in whole.state_dict().items():
        assert torch.equal(parts.state_dict()[name], value), name


def test_a_negative_number_of_batches_is_refused():
    with pytest.raises(InputError, match="refresh_batches"):
        run(network(), None, refresh_batches=-1)
