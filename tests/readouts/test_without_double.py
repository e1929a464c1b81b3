"""Audits on a device that has no float64."""

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.auditing import audit as audit_run
from earlysieve.auditing.swaps import follow
from earlysieve.model.layout import Layout
from earlysieve.model.precision import exact_device
from earlysieve.readouts.fit import read_out
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.heads import LinearHead
from earlysieve.readouts.linear import fit_linear

from ..auditing.helpers import Planted
from .test_linear import problem, stored
from .without_double import DEVICE, Elsewhere, device_without_double


def test_the_device_refuses_what_such_devices_refuse():
    with device_without_double() as device:
        x = torch.ones(3, device=device)
        assert isinstance(x, Elsewhere)
        assert x.device == DEVICE
        assert (x + 1).cpu().tolist() == [2, 2, 2]
        with pytest.raises(TypeError, match="float64"):
            x.double()
        with pytest.raises(TypeError, match="float64"):
            torch.zeros(2, dtype=torch.float64, device=device)
        with pytest.raises(RuntimeError, match="same device"):
            x + torch.ones(3)


def test_where_float64_is_computed():
    assert exact_device("cpu") == torch.device("cpu")
    with device_without_double() as device:
        assert exact_device(device) == torch.device("cpu")


@pytest.mark.parametrize("folds", [1, 4])
def test_linear_readouts_are_those_of_the_cpu_bit_for_bit(folds):
    features, labels = problem(200, 6, 3, 1.0)
    fold_of = assign_folds(labels, folds)
    plain = fit_linear(stored(features), labels, fold_of, 3)
    with device_without_double() as device:
        there = fit_linear(stored(features), labels, fold_of, 3, device=device)
    assert there.passes == plain.passes
    assert torch.equal(there.weight, plain.weight)
    assert torch.equal(there.bias, plain.bias)


def test_readings_are_those_of_the_cpu():
    features, labels = problem(200, 6, 3, 1.0)
    fold_of = assign_folds(labels, 2)
    plain = read_out(stored(features), labels, fold_of, LinearHead(), Layout.FLAT)
    with device_without_double() as device:
        there = read_out(
            stored(features), labels, fold_of, LinearHead(), Layout.FLAT, device=device
        )
    assert torch.equal(there.margin, plain.margin)


class Fixed(nn.Module):
    """A network without parameters, which is on every device."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Tanh(), nn.Softsign()

    def forward(self, x):
        return self.second(self.first(x))[:, :2]


def test_an_audit(monkeypatch):
    for module in (audit_run, follow):
        monkeypatch.setattr(module, "usable_device", torch.device)  # it refuses the borrowed name
    options = {"layers": ["first", "second"], "folds": 3, "pictures": 0}
    plain = es.audit(Fixed(), Planted(), **options)
    with device_without_double() as device:
        there = es.audit(Fixed(), Planted(), device=device, **options)
    assert there.examples.equals(plain.examples)
    assert there.layers.equals(plain.layers)
