"""A wrong number of columns is one sentence, wherever a network is run."""

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import InputError, LayerError
from earlysieve.model.batch import call_model
from earlysieve.networks import SmallMLP
from earlysieve.training import ERM

X = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
DATA = (X, (X[:, 0] > 0).long())
NET = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


def train(model):
    es.fit(ERM(model, torch.optim.SGD(model.parameters(), 0.1)), DATA, epochs=1, progress=False)


@pytest.mark.parametrize(
    "use",
    [
        lambda model: es.audit(model, DATA),
        lambda model: es.fix(model, held_out=DATA),
        lambda model: es.measure_reliance(model, DATA, DATA[1]),
        train,
    ],
)
def test_expected_and_found(use):
    with pytest.raises(InputError, match="rows of 4 numbers, as the layer '0' .* but got 3; pass"):
        use(NET)


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2)),
        nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(4, 2)),
        SmallMLP(2, input_shape=(4,)),
    ],
)
def test_whatever_comes_first(model):
    with pytest.raises(InputError, match="rows of 4 numbers"):
        call_model(model, X)


class Odd(nn.Module):
    """Takes three numbers, and fails within."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(5, 2)
        self.first = nn.Linear(3, 6)

    def forward(self, x):
        return self.head(self.first(x))


@pytest.mark.parametrize("inputs", [X, torch.zeros(2, 1, 7, 7)])
def test_other_failures_stay_what_they_are(inputs):
    with pytest.raises(RuntimeError, match="shapes"):
        call_model(Odd(), inputs)


def test_without_inner_layers_the_inputs_are_named():
    with pytest.raises(LayerError, match=r"es.audit_arrays\(\{'inputs': X\}, y, logits\)"):
        es.audit(nn.Linear(3, 2), DATA)
    with torch.no_grad():
        found = es.audit_arrays({"inputs": X}, DATA[1], nn.Linear(3, 2)(X))
    assert list(found.layers["layer"]) == ["inputs"]
