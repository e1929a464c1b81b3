"""Very large dropout on what the last layer reads."""

import pytest
import torch
from torch import nn

from earlysieve import LargeDropout
from earlysieve.errors import InputError, LayerError
from earlysieve.training import ERM, fit
from tests.weighting.helpers import Planted, bits, net, same, sgd


def large(model, **more):
    return LargeDropout(model, sgd(model), **more)


def train(algorithm, data=None, epochs=2):
    for epoch in range(epochs):
        torch.manual_seed(epoch)  # of dropout
        for batch in (data or Planted()).epoch(epoch):
            algorithm.step(batch)
        algorithm.end_epoch()


@pytest.mark.parametrize("autocast", [None, "bf16"])
def test_rate_0_is_plain_training_bit_for_bit(autocast):
    model, plain = net(0), net(0)
    train(large(model, rate=0.0, autocast=autocast))
    train(ERM(plain, sgd(plain), autocast=autocast))
    assert same(bits(model), bits(plain))


def test_a_step_is_that_of_a_network_with_another_dropout_bit_for_bit():
    """The helper network drops what its head reads, too, so that it does with another rate."""
    model, other = net(0, dropout=0.0), net(0, dropout=0.8)
    train(large(model, rate=0.8))
    train(ERM(other, sgd(other)))
    assert same(bits(model), bits(other))


def test_what_the_layer_reads_is_dropped_or_scaled():
    model = nn.Sequential(nn.Identity(), nn.Linear(50, 2))
    with torch.no_grad():
        model[1].bias.zero_()
        model[1].weight.zero_()
    x = torch.full((400, 50), 2.0)
    seen = []
    algorithm = large(model, rate=0.9)
    algorithm.prepare((x, torch.zeros(400, dtype=torch.int64)))
    model[1].register_forward_hook(lambda _m, args, _o: seen.append(args[0].detach()))
    algorithm.step((x, torch.arange(400) % 2))
    [read] = seen
    assert read.unique().tolist() == pytest.approx([0.0, 20.0])
    assert read.mean().item() == pytest.approx(2.0, rel=0.1)
    model(x)
    assert torch.equal(seen[1], x), "nothing is dropped afterwards"
    assert len(model[1]._forward_pre_hooks) == 0


def test_no_hook_is_left_after_an_error():
    model = net(0)
    algorithm = large(model)
    with pytest.raises(InputError, match="Expected labels from 0 to 2"):
        algorithm.step((torch.randn(4, 3, 8, 8), torch.tensor([0, 1, 2, 3])))
    assert not model.head._forward_pre_hooks
    assert not model.head._forward_hooks


def test_a_run_goes_on_from_its_folder(tmp_path):
    data, model, other = Planted(), net(1), net(1)
    fit(large(model), data, epochs=3, batch_size=16, progress=False)
    settings = {"batch_size": 16, "progress": False, "checkpoint_dir": tmp_path}
    fit(large(other), data, epochs=1, **settings)
    fit(large(other), data, epochs=3, **settings)
    assert same(bits(model), bits(other))


def test_bad_settings():
    for rate in (-0.1, 1.0, float("nan")):
        with pytest.raises(InputError, match="Expected rate to be at least 0 and below 1"):
            large(net(), rate=rate)
    batch = Planted().batch(torch.arange(4))
    with pytest.raises(LayerError, match="nowhere"):
        large(net(), layer="nowhere").step(batch)
    with pytest.raises(InputError, match="Expected a last layer"):
        large(nn.Sequential(nn.Conv2d(3, 3, 8), nn.Flatten())).step(batch)
