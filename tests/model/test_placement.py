"""A model that was looked at on another device is where it was, part by part."""

import copy

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.model.placement import check_holds_numbers, on_device
from earlysieve.networks.fit_check import check_model_takes

from ..auditing.helpers import Net, Planted, same, state_of

META = torch.device("meta")  # stands for a second device on machines that have none


def spread() -> nn.Module:
    """The first part on the CPU, the last one elsewhere; two parts share their weights."""
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4), nn.Linear(4, 2))
    model[2].weight = model[0].weight
    model(torch.randn(3, 4)).sum().backward()
    model[3].to(META)
    return model


def test_every_part_comes_back_to_its_own_device() -> None:
    model = spread()
    tensors = [*model.parameters(), *model.buffers()]
    devices = [tensor.device for tensor in tensors]
    places = [tensor.data_ptr() for tensor in tensors]
    values = copy.deepcopy(model[:3].state_dict())
    gradient = model[0].weight.grad
    kept = gradient.clone()
    seen = on_device(model, META, lambda: {t.device for t in model.parameters()})
    assert seen == {META}
    after = [*model.parameters(), *model.buffers()]
    assert all(a is b for a, b in zip(after, tensors, strict=True))
    assert [tensor.device for tensor in after] == devices
    assert [tensor.data_ptr() for tensor in after] == places
    assert same(dict(model[:3].state_dict()), dict(values))
    assert model[0].weight.grad is gradient
    assert torch.equal(gradient, kept)


def test_also_after_an_error() -> None:
    def fail() -> None:
        raise RuntimeError("no")

    model = Net()
    before = state_of(model)
    with pytest.raises(RuntimeError, match="no"):
        on_device(model, META, fail)
    assert same(state_of(model), before)


def test_what_accelerate_has_placed_is_not_moved() -> None:
    model = Net()
    model.first._hf_hook = object()
    with pytest.raises(InputError) as caught:
        on_device(model, META, list)
    assert str(caught.value) == (
        "Expected a model that can be moved to 'meta', but this one is spread over devices by "
        "accelerate or FSDP; leave the device out, or pass 'cpu'"
    )


TOLD = (
    "Expected a model that holds numbers, but 'head.weight' is on the device 'meta'; load the "
    "model's weights first, as with model.to_empty(device='cpu') and load_state_dict"
)


def test_models_without_numbers() -> None:
    model, data = Net(), Planted(20)
    model.head.to(META)
    for attempt in (
        lambda: check_holds_numbers(model),
        lambda: es.audit(model, data),
        lambda: check_model_takes(model, data, torch.device("cpu")),
    ):
        with pytest.raises(InputError) as caught:
            attempt()
        assert str(caught.value) == TOLD


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU beside the CPU")
def test_an_audit_of_a_model_on_two_devices() -> None:
    class Spread(Net):
        def forward(self, x):
            x = self.drop(self.norm(self.first(x)))
            return self.head(self.second(x.to(self.second.weight.device)))

    model = Spread()
    model.second.to("cuda")
    model.head.to("cuda")
    before = state_of(model)
    devices = [p.device for p in model.parameters()]
    plain = es.audit(model, Planted(60), folds=2, pictures=0)
    moved = es.audit(model, Planted(60), folds=2, pictures=0, device="cuda")
    assert [p.device for p in model.parameters()] == devices
    assert same(state_of(model), before)
    assert moved.summary.verdict == plain.summary.verdict
